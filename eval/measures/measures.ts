import { UserError } from "../../engine/errors.ts";
import { Axioms, type AxiomScores } from "./axioms/axioms.ts";
import { type AttributionKind, rowOf } from "../maps/kinds.ts";
import { Classification, type ClassificationResult } from "./classification.ts";
import type { ClassPair } from "./cues/class_pairs.ts";
import { CueLocalization, type CueOptions, type CueScores } from "./cues/cue_localization.ts";
import {
  DeletionInsertion,
  type DeletionOptions,
  type DeletionScores,
} from "./erasing/deletion_insertion.ts";
import {
  type ErasingOptions,
  type ErasingScores,
  RemoveAndClassify,
} from "./erasing/remove_and_classify.ts";
import {
  FunnyBirds,
  type FunnyBirdsOptions,
  type FunnyBirdsScores,
} from "./funny_birds/funny_birds.ts";
import { PointingGame, type PointingScores } from "./pointing_game.ts";
import { ParameterRandomisation, type RandomisationScores } from "./parameter_randomisation.ts";
import {
  type LocalizationOptions,
  type LocalizationScores,
  ObjectLocalization,
} from "./wsol/object_localization.ts";

/** Options of a measure that looks at some pictures only: those whose position `every` divides. */
interface Sampled {
  readonly kind: AttributionKind;
  readonly every: number;
}

/** Everything that decides a measure, as plain data: what is stored beside its counts. */
export interface MeasureOptions {
  readonly "classification": Record<never, never>;
  readonly "cue-localization": {
    readonly pairs: readonly ClassPair[];
    readonly options: CueOptions;
  };
  readonly "remove-and-classify": ErasingOptions;
  readonly "wsol": LocalizationOptions;
  readonly "axioms": Sampled;
  readonly "deletion-insertion": DeletionOptions;
  readonly "pointing-game": { readonly kind: AttributionKind };
  readonly "randomisation": Sampled;
  readonly "funny-birds": FunnyBirdsOptions;
}

/** What each measure finds. */
export interface MeasureResults {
  readonly "classification": ClassificationResult;
  readonly "cue-localization": CueScores;
  readonly "remove-and-classify": ErasingScores;
  readonly "wsol": LocalizationScores;
  readonly "axioms": AxiomScores;
  readonly "deletion-insertion": DeletionScores;
  readonly "pointing-game": PointingScores;
  readonly "randomisation": RandomisationScores;
  readonly "funny-birds": FunnyBirdsScores;
}

/** Name of a measure. */
export type MeasureName = keyof MeasureOptions;

/** What each measure finds out. */
export const MEASURE_SUMMARIES: Readonly<Record<MeasureName, string>> = {
  "classification": "accuracy on the test pictures (Table 2)",
  "cue-localization": "whether maps find the parts in which two classes differ (Table 1); needs " +
    "CUB's attributes, key points and segmentations, which birds have, too",
  "remove-and-classify": "accuracy with the pixels erased that a map ranks highest, relative to " +
    "as many erased at random (Figure 5)",
  "wsol":
    "MaxBoxAcc and MaxBoxAccV2 of maps as boxes, or PxAP of masks (Table 3); of a model or, " +
    "with --scoremaps, of .npy files",
  "axioms": "completeness, implementation invariance and sensitivity (sections 3.1, 4.2)",
  "deletion-insertion": "areas under p(y|x) while pixels are erased, or put back",
  "pointing-game": "whether maps lie on the object: highest pixel, share of the energy",
  "randomisation": "how maps change when layers get random weights",
  "funny-birds":
    "FunnyBirds' protocols: completeness, correctness and contrastivity of maps, by birds that are " +
    "drawn again without parts; birds only",
};

/** All measures. */
export const MEASURE_NAMES = Object.keys(MEASURE_SUMMARIES) as readonly MeasureName[];

/** A measure and its options. */
export type Measure<M extends MeasureName = MeasureName> = {
  readonly [Name in M]: { readonly what: Name; readonly options: MeasureOptions[Name] };
}[M];

/** A measure with what it found. */
export type Measured<M extends MeasureName = MeasureName> = {
  readonly [Name in M]: {
    readonly what: Name;
    readonly options: MeasureOptions[Name];
    readonly result: MeasureResults[Name];
  };
}[M];

/** An empty evaluation for a measure. */
export function evaluationOf({ what, options }: Measure) {
  switch (what) {
    case "classification":
      return new Classification();
    case "cue-localization":
      return new CueLocalization(options);
    case "remove-and-classify":
      return new RemoveAndClassify(options);
    case "wsol":
      return new ObjectLocalization(options);
    case "axioms":
      return new Axioms(options);
    case "deletion-insertion":
      return new DeletionInsertion(options);
    case "pointing-game":
      return new PointingGame(options);
    case "randomisation":
      return new ParameterRandomisation(options);
    case "funny-birds":
      return new FunnyBirds(options);
  }
}

/** Measures of what a map does with the model that it is of. */
const OF_MODEL: readonly MeasureName[] = ["axioms", "randomisation"];

/** @throws {UserError} for a kind of map of which a measure says nothing */
export function expectMeasurable(what: MeasureName, kind: AttributionKind): void {
  const { classFree, modelFree } = rowOf(kind);
  if (what === "cue-localization" && classFree) {
    throw new UserError(
      `--map is "${kind}", the same map for all classes, of which two do not differ: ` +
        "cue-localization needs others",
    );
  }
  if (OF_MODEL.includes(what) && modelFree) {
    throw new UserError(`--map is "${kind}", which no model makes: ${what} needs a model's maps`);
  }
}

/** The kind of map that a measure looks at; null where it looks at none. */
export function kindOf({ what, options }: Measure): AttributionKind | null {
  if (what === "classification") return null;
  return what === "cue-localization" ? options.options.kind : options.kind;
}
