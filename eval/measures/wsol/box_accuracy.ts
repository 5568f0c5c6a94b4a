import { evenThresholds, OFFICIAL_STEP } from "../pixel_ap.ts";
import { type Box, type Contour, findContours } from "./contours.ts";

/** IoU thresholds in percent of MaxBoxAccV2 (Choe et al., 2020). */
export const IOU_LEVELS = [30, 50, 70] as const;

/** Shares of pictures localised, 0–100. */
export interface BoxShares {
  /** MaxBoxAccV2 at each IoU: every contour may be the box. */
  readonly "30": number;
  readonly "50": number;
  readonly "70": number;
  /** Mean over the three: MaxBoxAccV2. */
  readonly mean: number;
  /** MaxBoxAcc: the contour of the largest area, at IoU 50. */
  readonly single50: number;
}

/** How well boxes of maps find objects whose class is known (GT-known). */
export interface BoxAccuracy extends BoxShares {
  /** Where the map is cut, from 0 to 1, for each of them. */
  readonly thresholds: Readonly<Record<"30" | "50" | "70" | "single50", number>>;
  /**
   * Top-1 localization: pictures that are classified rightly besides, at the same thresholds; null
   * where nothing is classified.
   */
  readonly top1: BoxShares | null;
  /** With thresholds from other pictures: the same at the best ones of these pictures; else null. */
  readonly testOptimal: BoxAccuracy | null;
}

/**
 * MaxBoxAcc and MaxBoxAccV2 of the WSOL benchmark: a map is cut at thresholds from 0 to 1, contours
 * give boxes, and the accuracy at the best threshold counts, for each IoU level its own.
 *
 * Counts are integers, so parts of an evaluation add up to exactly the whole.
 */
export class BoxEvaluator {
  /** Pictures localised at each threshold: by IoU level with any contour, then with the largest. */
  readonly hits: readonly Float64Array[];
  /** Those of them that are classified rightly; empty where nothing is classified. */
  readonly top1: readonly Float64Array[];
  images = 0;
  #thresholds: Float64Array;

  /**
   * @param options `step` between thresholds: 0.001 in the benchmark's library, 0.01 on its command
   * line; `top1`: pictures are classified, too
   */
  constructor({ step = OFFICIAL_STEP, top1 = false }: {
    readonly step?: number;
    readonly top1?: boolean;
  } = {}) {
    this.#thresholds = evenThresholds(step);
    const counts = () => [...IOU_LEVELS, 50].map(() => new Float64Array(this.#thresholds.length));
    this.hits = counts();
    this.top1 = top1 ? counts() : [];
  }

  /**
   * Adds a picture.
   *
   * @param scores in [0, 1], `side × side`
   * @param boxes true boxes in pixels of the map
   * @param isRight whether the picture's class is predicted
   * @throws {RangeError} for scores that are NaN or outside of [0, 1]
   */
  add(scores: Float64Array, side: number, boxes: readonly Box[], isRight = false): void {
    this.addCuts(new CutMap(scores, side), boxes, isRight);
  }

  /** The same of a map whose cuts may be known from another picture. */
  addCuts(map: CutMap, boxes: readonly Box[], isRight: boolean): void {
    const counts = isRight ? [this.hits, this.top1] : [this.hits];
    const count = (level: number, t: number) => {
      for (const byLevel of counts) byLevel[level][t]++;
    };
    let known = { cut: -1, best: [] as number[] };
    for (const [t, threshold] of this.#thresholds.entries()) {
      const cut = map.levelOf(threshold);
      // Many thresholds cut at the same of 256 levels.
      if (known.cut !== cut) known = { cut, best: bestOverlaps(map.boxesAbove(cut), boxes) };
      const [any, largest] = known.best;
      for (const [level, iou] of IOU_LEVELS.entries()) {
        if (any >= iou / 100) count(level, t);
      }
      if (largest >= 0.5) count(3, t);
    }
    this.images++;
  }

  /** Adds the counts of another part of the same evaluation. */
  merge({ images, hits, top1 }: {
    readonly images: number;
    readonly hits: readonly ArrayLike<number>[];
    readonly top1: readonly ArrayLike<number>[];
  }): void {
    this.images += images;
    for (const [own, other] of [[this.hits, hits], [this.top1, top1]] as const) {
      for (const [level, counts] of own.entries()) {
        for (let t = 0; t < counts.length; t++) counts[t] += other[level][t];
      }
    }
  }

  /** Positions of the thresholds with the highest accuracy: of each IoU level, then of `single50`. */
  best(): number[] {
    return this.hits.map((counts) => counts.indexOf(Math.max(...counts)));
  }

  /**
   * The accuracies.
   *
   * @param elsewhere positions of the thresholds that are best on another split; without them the
   * best ones of these pictures, which is the benchmark's rule
   */
  compute(elsewhere?: readonly number[]): BoxAccuracy {
    const at = elsewhere ?? this.best();
    const [t30, t50, t70, single50] = at.map((t) => this.#thresholds[t]);
    return {
      ...this.#shares(this.hits, at),
      thresholds: { "30": t30, "50": t50, "70": t70, single50 },
      top1: this.top1.length > 0 ? this.#shares(this.top1, at) : null,
      testOptimal: elsewhere ? this.compute() : null,
    };
  }

  #shares(hits: readonly Float64Array[], at: readonly number[]): BoxShares {
    const [at30, at50, at70, single50] = hits.map((counts, level) =>
      100 * counts[at[level]] / this.images
    );
    const mean = (at30 + at50 + at70) / 3;
    return { "30": at30, "50": at50, "70": at70, mean, single50 };
  }
}

/** The boxes that a cut of a map gives. */
export interface BoxesOfCut {
  /** Of every contour. */
  readonly all: readonly Box[];
  /** Of the contour with the largest area. */
  readonly largest: Box;
}

/** A map of 256 levels, and the boxes of its cuts as far as they were asked for. */
export class CutMap {
  #levels: Uint8Array;
  #side: number;
  #extents = new Extents();
  #top = 0;
  #boxes = new Map<number, BoxesOfCut>();

  /**
   * @param scores in [0, 1], `side × side`
   * @throws {RangeError} for scores that are NaN or outside of [0, 1]
   */
  constructor(scores: Float64Array, side: number) {
    this.#levels = new Uint8Array(scores.length);
    this.#side = side;
    for (const [i, score] of scores.entries()) {
      if (!(score >= 0 && score <= 1)) {
        throw new RangeError(`A score is ${score}, expected a number from 0 to 1`);
      }
      const level = Math.trunc(score * 255);
      this.#levels[i] = level;
      this.#top = Math.max(this.#top, level);
      this.#extents.add(level, i % side, Math.floor(i / side));
    }
  }

  /** The level at a threshold from 0 to 1 of the highest one. */
  levelOf(threshold: number): number {
    return Math.trunc(threshold * this.#top);
  }

  /** Boxes of the regions above a level. */
  boxesAbove(cut: number): BoxesOfCut {
    let boxes = this.#boxes.get(cut);
    if (!boxes) {
      const window = this.#extents.above(cut);
      const mask = cutOut(this.#levels, this.#side, { cut, window });
      this.#boxes.set(cut, boxes = boxesOf(mask, this.#side, window));
    }
    return boxes;
  }
}

/** Where the pixels of each of 256 levels and above lie. */
class Extents {
  #boxes: (Box | undefined)[] = new Array(256);
  #summed = false;

  add(level: number, x: number, y: number): void {
    this.#boxes[level] = around(this.#boxes[level], [x, y, x, y]);
  }

  /** A box around all pixels above a level; undefined where there are none. */
  above(level: number): Box | undefined {
    if (!this.#summed) {
      for (let l = 254; l >= 0; l--) this.#boxes[l] = around(this.#boxes[l], this.#boxes[l + 1]);
      this.#summed = true;
    }
    return this.#boxes[level + 1];
  }
}

function around(a: Box | undefined, b: Box | undefined): Box | undefined {
  if (!a || !b) return a ?? b;
  return [
    Math.min(a[0], b[0]),
    Math.min(a[1], b[1]),
    Math.max(a[2], b[2]),
    Math.max(a[3], b[3]),
  ];
}

/** The part of a cut map in a window: 1 above the cut. */
function cutOut(
  levels: Uint8Array,
  side: number,
  { cut, window }: { readonly cut: number; readonly window: Box | undefined },
): Uint8Array {
  if (!window) return new Uint8Array(0);
  const [x0, y0, x1, y1] = window;
  const width = x1 - x0 + 1;
  const mask = new Uint8Array(width * (y1 - y0 + 1));
  for (let y = y0; y <= y1; y++) {
    for (let x = x0; x <= x1; x++) {
      mask[(y - y0) * width + x - x0] = levels[y * side + x] > cut ? 1 : 0;
    }
  }
  return mask;
}

/**
 * Boxes of the regions of a binary map as the benchmark finds them; 0, 0, 0, 0 where there are none.
 *
 * @param side of the whole map
 * @param window the part that `mask` is; nothing lies outside of it
 */
export function boxesOf(
  mask: Uint8Array,
  side: number,
  window: Box | undefined = [0, 0, side - 1, side - 1],
): BoxesOfCut {
  const [left, above, right, below] = window;
  const contours = mask.length > 0 ? findContours(mask, right - left + 1, below - above + 1) : [];
  if (contours.length === 0) return { all: [[0, 0, 0, 0]], largest: [0, 0, 0, 0] };
  // OpenCV's bounding rectangle ends one pixel further, which the benchmark cuts at the edge.
  const widen = ({ box: [x0, y0, x1, y1] }: Contour): Box => [
    left + x0,
    above + y0,
    Math.min(left + x1 + 1, side - 1),
    Math.min(above + y1 + 1, side - 1),
  ];
  // OpenCV lists what begins last first, and the first of equal areas wins.
  const largest = contours.reduce((a, b) => b.area >= a.area ? b : a);
  return { all: contours.map(widen), largest: widen(largest) };
}

/** Best IoU with a true box of any contour's box, and of the largest contour's. */
function bestOverlaps({ all, largest }: BoxesOfCut, boxes: readonly Box[]): number[] {
  const best = (box: Box) => Math.max(...boxes.map((truth) => overlap(box, truth)));
  return [Math.max(...all.map(best)), best(largest)];
}

/** Intersection over union with widths and heights counted in whole pixels (+ 1). */
function overlap(a: Box, b: Box): number {
  const width = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]) + 1);
  const height = Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]) + 1);
  const area = ([x0, y0, x1, y1]: Box) => (x1 - x0 + 1) * (y1 - y0 + 1);
  const both = width * height;
  return both / (area(a) + area(b) - both);
}
