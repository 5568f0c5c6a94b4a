import { PARTS } from "../../../data/birds/parts.ts";
import { rankCorrelation } from "../rank_correlation.ts";
import type { Importance } from "./importance.ts";
import { ALL_PARTS, type PartSet, type Rivals, setOf, sizeOf } from "./part_sets.ts";

/** Shares of a map's sum above which a part counts as important: FunnyBirds' 80, .01 to .50. */
export const THRESHOLDS: readonly number[] = Array.from(
  { length: 80 },
  (_, i) => 0.01 + i * 0.49 / 79,
);

/** A part or an object matters when the class's score falls by this share of it without it. */
const MATTERS = 0.05;

/** What is known of a picture before anything is drawn again. */
export interface Explained {
  readonly label: number;
  readonly predicted: number;
  /** What the map of the true class marks. */
  readonly ofTrue: Importance;
  /** What the map of the predicted class marks. */
  readonly ofPredicted: Importance;
  /** Minimal sufficient part sets of the true class. */
  readonly sufficient: readonly PartSet[];
  /** The classes of target sensitivity, and what their maps mark; null where there are none. */
  readonly rivals: (Rivals & { readonly marked: readonly [Importance, Importance] }) | null;
}

/** The model's scores of all classes, once parts or an object of the background are left out. */
export interface Answers {
  without(parts: PartSet): ArrayLike<number>;
  withoutObject(object: number): ArrayLike<number>;
}

/** The numbers of a picture. NaN where a protocol leaves it out. */
export interface PictureScores {
  /** 1 where the prediction is right, else 0. */
  readonly hit: number;
  readonly singleDeletion: number;
  readonly targetSensitivity: number;
  /** Objects of the background that matter, and all of them. */
  readonly objects: readonly [mattering: number, all: number];
  /** By threshold. */
  readonly sufficiency: readonly number[];
  readonly preservation: readonly number[];
  readonly deletion: readonly number[];
  readonly distractibility: readonly number[];
}

/** The parts that a map calls important, by threshold. */
function importantParts({ parts, total }: Importance): PartSet[] {
  return THRESHOLDS.map((t) => setOf((i) => parts[i] > t * total));
}

/** The sets of parts without which the model is asked about a picture; the empty one is the whole. */
export function setsToLeaveOut({ ofPredicted, rivals }: Explained): Set<PartSet> {
  const important = importantParts(ofPredicted);
  return new Set([
    0,
    ...PARTS.map((_, i) => 1 << i),
    ...important,
    ...important.map((set) => ALL_PARTS & ~set),
    ...rivals?.parts ?? [],
  ]);
}

/** Scores a picture by all protocols. `answers` knows the sets of `setsToLeaveOut`. */
export function scorePicture(explained: Explained, answers: Answers): PictureScores {
  const { label, predicted, ofTrue, ofPredicted, sufficient } = explained;
  const whole = answers.without(0)[label];
  const drops = PARTS.map((_, i) => whole - answers.without(1 << i)[label]);
  const objectDrops = ofTrue.objects.map((_, i) => whole - answers.withoutObject(i)[label]);
  const matters = (drop: number) => drop > 0 && drop >= MATTERS * Math.abs(whole);
  const staysWithout = (set: PartSet) => winner(answers.without(set)) === predicted ? 1 : 0;
  const idle = [
    ...drops.map((drop, i) => ({ drop, marked: ofTrue.parts[i] })),
    ...objectDrops.map((drop, i) => ({ drop, marked: ofTrue.objects[i] })),
  ].filter(({ drop }) => !matters(drop));
  const byPrediction = importantParts(ofPredicted);
  return {
    hit: predicted === label ? 1 : 0,
    singleDeletion: (rankCorrelation(ofTrue.parts, drops) + 1) / 2,
    targetSensitivity: targetSensitivity(explained, answers),
    objects: [objectDrops.filter(matters).length, objectDrops.length],
    sufficiency: importantParts(ofTrue).map((set) =>
      predicted === label
        ? Math.max(...sufficient.map((own) => sizeOf(own & set) / sizeOf(own)))
        : NaN
    ),
    preservation: byPrediction.map((set) => staysWithout(ALL_PARTS & ~set)),
    deletion: byPrediction.map((set) => 1 - staysWithout(set)),
    distractibility: THRESHOLDS.map((t) =>
      1 - idle.filter(({ marked }) => marked > t * ofTrue.total).length / idle.length
    ),
  };
}

/**
 * The share of the two part sets that weigh more in the map of the class which they speak for; NaN
 * where the model itself does not lose more of that class with them than with the other set.
 */
function targetSensitivity({ rivals }: Explained, answers: Answers): number {
  if (!rivals) return NaN;
  const { classes, parts, marked } = rivals;
  const sides = [0, 1] as const;
  const holds = sides.every((own) => {
    const [left, other] = [own, 1 - own].map((side) => answers.without(parts[side])[classes[own]]);
    return left < other;
  });
  if (!holds) return NaN;
  const weigh = (set: PartSet, { parts: own }: Importance) =>
    own.reduce((sum, value, i) => set & 1 << i ? sum + value : sum, 0);
  const right = sides.filter((own) =>
    weigh(parts[own], marked[own]) > weigh(parts[own], marked[1 - own])
  );
  return right.length / 2;
}

/** The class of the greatest score; of equal ones the first. */
export function winner(scores: ArrayLike<number>): number {
  return Array.from(scores).reduce((best, score, y, all) => score > all[best] ? y : best, 0);
}
