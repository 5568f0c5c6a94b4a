import type { AttributionKind } from "../../maps/kinds.ts";
import {
  type Evaluation,
  type Json,
  namedCounts,
  Records,
  sampleOf,
  type View,
} from "../evaluation.ts";
import { importanceOf } from "./importance.ts";
import { rivalsOf, sharedParts, sufficientSets } from "./part_sets.ts";
import { Redrawn } from "./redrawn.ts";
import { type Explained, scorePicture, setsToLeaveOut, THRESHOLDS, winner } from "./score.ts";

/** Which maps are looked at, of which pictures. */
export interface FunnyBirdsOptions {
  readonly kind: AttributionKind;
  /** Only pictures whose position is divisible by it. */
  readonly every: number;
}

/** FunnyBirds' scores (Hesse et al., 2023). All from 0 to 1, higher is better. */
export interface FunnyBirdsScores {
  /** Share of these pictures that the model classifies right. */
  readonly accuracy: number;
  /** Background independence: share of the background's objects that do not matter to the model. */
  readonly backgroundIndependence: number;
  /**
   * Controlled synthetic data check: how much of a minimal sufficient part set the important parts
   * hold, of the set of which they hold most; of pictures that are classified right.
   */
  readonly csdc: number;
  /** Preservation check: how often the prediction stays with only the important parts left. */
  readonly pc: number;
  /** Deletion check: how often it changes without them. */
  readonly dc: number;
  /** Distractibility: share of what does not matter to the model that is not called important. */
  readonly distractibility: number;
  /** Com, completeness: ((CSDC + PC + DC) / 3 + distractibility) / 2. */
  readonly completeness: number;
  /**
   * Cor, correctness, the single deletion protocol: (ρ + 1) / 2 of the rank correlation of what a
   * map gives the parts with what their removal takes from the class's score.
   */
  readonly correctness: number;
  /**
   * Con, contrastivity, the target sensitivity protocol: how often the parts that speak for a class
   * weigh more in its map than in another class's.
   */
  readonly contrastivity: number;
  /** The mean of completeness, correctness and contrastivity. */
  readonly mean: number;
  /** The threshold at which completeness is highest, of 80; its four scores are those there. */
  readonly threshold: number;
  readonly images: number;
  /** Pictures that a mean leaves out, by its name, where there are any. */
  readonly undefinedIn: Readonly<Record<string, number>>;
}

/** The protocols that count by threshold, in the order of the records. */
const BY_THRESHOLD = ["csdc", "pc", "dc", "distractibility"] as const;

/** Columns in front of them: hit, correctness, contrastivity, objects that matter, all objects. */
const FRONT = 5;

/**
 * FunnyBirds' protocols (Hesse et al., ICCV 2023) on drawn birds: parts and objects of the background
 * are left out by drawing the picture again, and the model is asked about it.
 */
export class FunnyBirds implements Evaluation<FunnyBirdsScores> {
  #options: FunnyBirdsOptions;
  #scores = new Records();

  constructor(options: FunnyBirdsOptions) {
    this.#options = options;
  }

  async add(whole: View): Promise<void> {
    const { kind, every } = this.#options;
    const view = sampleOf(whole, every);
    if (!view) return;
    const { batch: { labels, indices }, maps, annotations, once } = view;
    const { species } = await annotations.drawing();
    const redrawn = await once("redrawn", () => Redrawn.of(view));
    const nothing = await redrawn.ask(Array.from(labels, () => [0]));
    const facts = Array.from(labels, (label, n) => {
      const shared = sharedParts(species, label);
      const predicted = winner(nothing[n].without(0));
      const sufficient = sufficientSets(shared, label);
      return { label, predicted, sufficient, rivals: rivalsOf(shared, label) };
    });
    const found = await maps.of(
      kind,
      facts.map(({ label, predicted, rivals }) => [label, predicted, ...rivals?.classes ?? []]),
    );
    const explained = facts.map(({ rivals, ...own }, n): Explained => {
      const of = (y: number) => importanceOf(found(n, y), redrawn.regions(n));
      return {
        ...own,
        ofTrue: of(own.label),
        ofPredicted: of(own.predicted),
        rivals: rivals && { ...rivals, marked: [of(rivals.classes[0]), of(rivals.classes[1])] },
      };
    });
    const answers = await redrawn.ask(explained.map(setsToLeaveOut));
    for (const [n, index] of indices.entries()) {
      const { hit, singleDeletion, targetSensitivity, objects, ...own } = scorePicture(
        explained[n],
        answers[n],
      );
      this.#scores.add(index, [
        ...[hit, singleDeletion, targetSensitivity, ...objects],
        ...[own.sufficiency, own.preservation, own.deletion, own.distractibility].flat(),
      ]);
    }
  }

  tally(): Json {
    return this.#scores.tally();
  }

  merge(tally: Json): void {
    this.#scores.merge(tally);
  }

  result(): FunnyBirdsScores {
    const means = this.#scores.means();
    const [accuracy = NaN, correctness = NaN, contrastivity = NaN, mattering, objects] = means;
    const at = (t: number) =>
      BY_THRESHOLD.map((_, i) => means[FRONT + i * THRESHOLDS.length + t] ?? NaN);
    const completenessAt = (t: number) => {
      const [csdc, pc, dc, distractibility] = at(t);
      return ((csdc + pc + dc) / 3 + distractibility) / 2;
    };
    const best = [...THRESHOLDS.keys()]
      .reduce((best, t) => completenessAt(t) > completenessAt(best) ? t : best);
    const [csdc, pc, dc, distractibility] = at(best);
    const completeness = completenessAt(best);
    const left = this.#scores.undefinedRows();
    return {
      accuracy,
      backgroundIndependence: 1 - mattering / objects,
      ...{ csdc, pc, dc, distractibility },
      ...{ completeness, correctness, contrastivity },
      mean: (completeness + correctness + contrastivity) / 3,
      threshold: THRESHOLDS[best],
      images: this.#scores.size,
      undefinedIn: namedCounts(
        ["correctness", "contrastivity", "csdc", "distractibility"],
        [1, 2, FRONT, FRONT + 3 * THRESHOLDS.length].map((column) => left[column]),
      ),
    };
  }
}
