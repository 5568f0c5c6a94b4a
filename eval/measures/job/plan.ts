import { join } from "node:path";
import { BIRDS_RECORD } from "../../../data/birds/record.ts";
import type { Dataset } from "../../../data/dataset.ts";
import { exists } from "../../../data/files.ts";
import { UserError } from "../../../engine/errors.ts";
import { hasPointwiseHead, isCalm, isOfBenchmark, type Method } from "../../../model/methods.ts";
import { type AttributionKind, ownKind, rowOf } from "../../maps/kinds.ts";
import type { ClassPair } from "../cues/class_pairs.ts";
import { officialCueOptions } from "../cues/cue_localization.ts";
import { readClassPairs } from "../cues/paired_pictures.ts";
import { BASELINES } from "../erasing/baseline.ts";
import { riseOptions } from "../erasing/deletion_insertion.ts";
import { kindOf, type Measure } from "../measures.ts";
import { OFFICIAL_STEP } from "../pixel_ap.ts";
import { type Upscaling, UPSCALINGS } from "../../maps/upscale.ts";

/** What can be measured on a data set. */
export interface Possible {
  /** Pairs of classes that differ in few parts; null without the annotations. */
  readonly pairs: readonly ClassPair[] | null;
  /** Boxes or masks. */
  readonly places: boolean;
  /** Pixels of the objects. */
  readonly masks: boolean;
  /** The pictures can be drawn again. */
  readonly drawn: boolean;
}

/** Percentages of the pixels erased in Figure 5, whose curves go from 0 to 100. */
export const ERASED = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100];

/** Looks for a data set's annotations; `onMissing` is told what cannot be measured and why. */
export async function possibleOn(
  dataset: Dataset,
  onMissing: (message: string) => void,
): Promise<Possible> {
  if (dataset.localization) return { pairs: null, places: true, masks: true, drawn: false };
  let pairs: ClassPair[] | null = null;
  try {
    pairs = await readClassPairs(dataset.root);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    onMissing(`No cue localization: ${error.message}`);
  }
  const places = await exists(join(dataset.root, "bounding_boxes.txt"));
  const masks = await exists(join(dataset.root, "segmentations"));
  if (!places) onMissing(`No WSOL: ${dataset.root} has no bounding_boxes.txt`);
  if (!masks) onMissing(`No pointing game: ${dataset.root} has no segmentations`);
  const drawn = await exists(join(dataset.root, BIRDS_RECORD));
  if (!drawn) onMissing(`No FunnyBirds protocols: ${dataset.root} has no ${BIRDS_RECORD}`);
  return { pairs, places, masks, drawn };
}

/** The kinds of map that a table has a row for, by method; the model's own first. */
const ROWS: Readonly<Record<"cam" | "calm", readonly AttributionKind[]>> = {
  cam: [
    "cam",
    "grad-cam",
    "grad-cam++",
    "gradient",
    "integrated-gradient",
    "smooth-grad",
    "smooth-grad-squared",
    "var-grad",
  ],
  calm: ["joint", "conditional", "saliency", "gradient", "grad-cam"],
};

/** A rival of the paper is compared by its own map. */
function kindsOfTables(method: Method): readonly AttributionKind[] {
  if (isCalm(method)) return ROWS.calm;
  return method === "cam" ? ROWS.cam : [ownKind(method)];
}

/** How everything is measured. */
export interface PlanOptions {
  /** Pictures for the measures that do not look at all of them. */
  readonly sample: number;
  /** Pictures of the split. */
  readonly pictures: number;
  /** Side of the pictures in pixels. */
  readonly side: number;
  /** Between thresholds of WSOL. */
  readonly step: number;
  readonly upscaling: Upscaling;
  /** Cue localization as the official evaluator counts. */
  readonly compatible: boolean;
  /** Deletion and insertion as RISE defines them. */
  readonly rise: boolean;
  /** Of random erasing and noise. */
  readonly seed: number;
}

/** Deletion and insertion as here by default: Figure 5's erasing, of the true class. */
export const OWN_DELETION = {
  baseline: "blur",
  insertionBaseline: "blur",
  steps: 10,
  of: "true class",
} as const;

/** Every measure of a model for the tables: all kinds of map that mean something in it. */
export function allMeasures(
  method: Method,
  { pairs, places, masks, drawn }: Possible,
  { sample, pictures, side, step, upscaling, compatible, rise, seed }: PlanOptions,
): Measure[] {
  const kinds = kindsOfTables(method);
  const withBaseline = (of: readonly AttributionKind[]) => [...of, "centre" as const];
  const every = everyOf(sample, pictures);
  // Eq. 2 scales CAM's map; the order of the pixels is the same.
  const scaled = kinds.flatMap((kind): AttributionKind[] =>
    kind === "cam" ? ["cam-max", "cam-minmax"] : kind === "joint" ? [kind, "posterior"] : [kind]
  );
  const cues = kinds.filter((kind) => !rowOf(kind).classFree)
    .map((kind) => officialCueOptions(method, kind, compatible));
  // The paper's own words: the difference of eq. 2's maps, taken as it is.
  const literal = method !== "cam" ? [] : (["cam-max", "cam-minmax"] as const)
    .map((kind) => ({ ...officialCueOptions(method, kind, compatible), minMax: false }));
  return [
    { what: "classification", options: {} },
    ...(pairs
      ? [...cues, ...literal].map((options): Measure => ({
        what: "cue-localization",
        options: { pairs, options },
      }))
      : []),
    ...kinds.map((kind): Measure => ({
      what: "remove-and-classify",
      options: { kind, k: ERASED, baseline: BASELINES[0], seed },
    })),
    ...(places
      ? withBaseline(withSuperset(method, kinds)).map((kind): Measure => ({
        what: "wsol",
        options: { kind, step, upscaling },
      }))
      : []),
    ...(hasPointwiseHead(method) ? scaled : [])
      .map((kind): Measure => ({ what: "axioms", options: { kind, every } })),
    ...kinds.map((kind): Measure => ({
      what: "deletion-insertion",
      options: { kind, ...(rise ? riseOptions(side) : OWN_DELETION), seed },
    })),
    ...(masks
      ? withBaseline(kinds).map((kind): Measure => ({ what: "pointing-game", options: { kind } }))
      : []),
    ...kinds.map((kind): Measure => ({ what: "randomisation", options: { kind, every } })),
    ...(drawn
      ? scaled.map((kind): Measure => ({ what: "funny-birds", options: { kind, every } }))
      : []),
  ];
}

/** Kinds of map with that of a superset behind the model's own, as Table 3 has it of CAM and CALM. */
function withSuperset(method: Method, [own, ...others]: readonly AttributionKind[]) {
  return isOfBenchmark(method) ? [own, ...others] : [own, "subset" as const, ...others];
}

/** The paper's measures of a model's own map: what training ends with. */
export function ownMeasures(method: Method, { pairs, places }: Possible): Measure[] {
  const kind = ownKind(method);
  return [
    ...(pairs
      ? [
        {
          what: "cue-localization",
          options: { pairs, options: officialCueOptions(method) },
        } as const,
      ]
      : []),
    { what: "remove-and-classify", options: { kind, k: [10, 30, 50], baseline: "blur", seed: 0 } },
    ...(places
      ? [kind, "subset" as const].map((kind) => ({
        what: "wsol" as const,
        options: { kind, step: OFFICIAL_STEP, upscaling: UPSCALINGS[0] },
      }))
      : []),
  ];
}

/** The measures of some names, and of some kinds of map; null stands for all. */
export function some(
  measures: readonly Measure[],
  { names, kinds }: {
    readonly names: readonly string[] | null;
    readonly kinds: readonly string[] | null;
  },
): Measure[] {
  return measures.filter((measure) => {
    const kind = kindOf(measure);
    return (!names || names.includes(measure.what)) && (!kinds || !kind || kinds.includes(kind));
  });
}

/** The number that the positions of a sample are divisible by. */
export function everyOf(sample: number, pictures: number): number {
  return Math.max(1, Math.floor(pictures / sample));
}
