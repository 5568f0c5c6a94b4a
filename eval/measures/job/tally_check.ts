import { SIDE as PARTS_SIDE } from "../cues/part_map.ts";
import type { Json } from "../evaluation.ts";
import { THRESHOLDS } from "../funny_birds/score.ts";
import { evaluationOf, type Measure, type MeasureName } from "../measures.ts";
import { SIDE as MASK_SIDE } from "../wsol/object_mask.ts";
import type { Checked } from "./checked.ts";

/** Batches that a tally is of. */
export interface Counted {
  /** Their numbers. */
  readonly done: ReadonlySet<number>;
  readonly batchSize: number;
}

/** Looks at a number that a measure keeps of a picture. */
type Column = (value: Checked) => void;

/** What a mean is allowed to exceed its bounds by, having been rounded. */
const ROUNDING = 1e-3;

/** 1 or 0: a hit or not. Never missing, for then it would be in no mean. */
const hit: Column = (value) => value.whole(0, 1);

/** How many of something. */
const count: Column = (value) => value.whole();

/** A number between bounds; null where there is none, which is what JSON has for NaN. */
const between = (min: number, max: number): Column => (value) => {
  if (!value.isNull()) value.number(min, max);
};

const size = between(0, Infinity);
const share = between(0, 1 + ROUNDING);
const percentage = between(0, 100 + ROUNDING);
const correlation = between(-1 - ROUNDING, 1 + ROUNDING);

/** Looks through what was counted for a measure. */
type Check = (measure: Checked, tally: Checked, counted: Counted) => void;

/** Of a measure that keeps numbers by picture: what they are, from the measure's options. */
const byPicture =
  (columns: (options: Checked) => readonly Column[]): Check => (measure, tally, counted) =>
    checkRows(tally, { columns: columns(measure.field("options")), every: 1, ...counted });

const CHECKS: Readonly<Record<MeasureName, Check>> = {
  "classification": byPicture(() => [size, hit, hit]),
  "remove-and-classify": byPicture((options) =>
    options.field("k").list().flatMap(() => [hit, hit])
  ),
  "deletion-insertion": byPicture(() => [share, share]),
  "pointing-game": byPicture(() => [share, share, share]),
  "axioms"(measure, tally, counted) {
    const every = measure.field("options").field("every").whole(1);
    const columns = [size, size, size, percentage, percentage, percentage, correlation];
    checkRows(tally, { columns, every, ...counted });
  },
  "randomisation"(measure, tally, counted) {
    const columns = tally.field("layers").list().map((name) => {
      name.text();
      return correlation;
    });
    const every = measure.field("options").field("every").whole(1);
    checkRows(tally.field("scores"), { columns, every, ...counted });
  },
  "funny-birds"(measure, tally, counted) {
    const every = measure.field("options").field("every").whole(1);
    const byThreshold = [share, hit, hit, share].flatMap((column) => THRESHOLDS.map(() => column));
    const columns = [hit, share, share, count, count, ...byThreshold];
    checkRows(tally, { columns, every, ...counted });
  },
  "wsol": (measure, tally, counted) => checkPlaces(measure, tally, imagesIn(tally, counted)),
  "cue-localization": (measure, tally, counted) =>
    checkPairs(measure, tally, imagesIn(tally, counted)),
};

/**
 * Looks through what was counted for a measure, whose options have been looked at.
 *
 * @throws {UserError} naming the first field that cannot be
 */
export function checkTally(measure: Checked, tally: Checked, counted: Counted): void {
  CHECKS[measure.field("what").value as MeasureName](measure, tally, counted);
}

function imagesIn(tally: Checked, { done, batchSize }: Counted): number {
  return tally.field("images").whole(0, done.size * batchSize);
}

/** Numbers by picture: the picture's position, then a number for each column. */
function checkRows(
  tally: Checked,
  { columns, every, done, batchSize }: Counted & {
    readonly columns: readonly Column[];
    readonly every: number;
  },
): void {
  const seen = new Set<number>();
  for (const row of tally.list()) {
    const [position, ...numbers] = row.list(1 + columns.length);
    const at = position.whole();
    if (seen.has(at)) position.refuse("each picture once");
    if (!done.has(Math.floor(at / batchSize))) position.refuse("a picture of the batches in done");
    if (at % every !== 0) position.refuse(`a multiple of ${every}`);
    seen.add(at);
    for (const [i, column] of columns.entries()) column(numbers[i]);
  }
}

/** Boxes and masks of WSOL. */
function checkPlaces(measure: Checked, tally: Checked, images: number): void {
  compare(tally, evaluationOf(measure.value as Measure).tally());
  const boxes = tally.field("boxes");
  const withBoxes = boxes.field("images").whole(0, images);
  const localised = boxes.field("hits").list().map((level) =>
    level.list().map((hits) => hits.whole(0, withBoxes))
  );
  for (const [level, rightly] of boxes.field("top1").list().entries()) {
    for (const [t, hits] of rightly.list().entries()) hits.whole(0, localised[level][t]);
  }
  const most = (images - withBoxes) * MASK_SIDE ** 2;
  const pixels = tally.field("pixels");
  if (pixelsIn(pixels) > most) pixels.refuse(`no more than ${most} pixels`);
}

/** Pictures and pixels of the pairs of classes. */
function checkPairs(measure: Checked, tally: Checked, images: number): void {
  const { what, options } = measure.value as Measure<"cue-localization">;
  const pairs = tally.field("pairs").list(options.pairs.length);
  // One pair stands for all: histograms of pairs that the file does not hold would fill the memory.
  const one = evaluationOf({ what, options: { ...options, pairs: options.pairs.slice(0, 1) } });
  const [empty] = (one.tally() as { readonly pairs: readonly Json[] }).pairs;
  for (const pair of pairs) {
    compare(pair, empty);
    const all = pair.field("pictures").whole(0, images) * PARTS_SIDE ** 2;
    const found = pixelsIn(pair);
    const fits = options.options.dropLowest ? found <= all : found === all;
    if (!fits) pair.refuse(`${all} pixels in all, found ${found}`);
  }
}

function pixelsIn(histogram: Checked): number {
  return ["hits", "misses"].flatMap((name) => histogram.field(name).list())
    .reduce((sum, count) => sum + count.whole(), 0);
}

/** Whole counts in lists of fixed lengths: as those of an evaluation that has seen nothing. */
function compare(tally: Checked, empty: Json): void {
  if (typeof empty === "number") tally.whole();
  else if (Array.isArray(empty)) {
    for (const [i, each] of tally.list(empty.length).entries()) compare(each, empty[i]);
  } else if (typeof empty === "object" && empty !== null) {
    for (const [name, each] of Object.entries(empty)) compare(tally.field(name), each);
  }
}
