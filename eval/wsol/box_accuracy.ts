import { type Box, type Contour, findContours } from "./contours.ts";

/** IoU thresholds in percent of MaxBoxAccV2 (Choe et al., 2020). */
export const IOU_LEVELS = [30, 50, 70] as const;

/** Shares of pictures localised, 0–100. */
export interface BoxAccuracy {
  /** MaxBoxAccV2 at each IoU: every contour may be the box. */
  readonly "30": number;
  readonly "50": number;
  readonly "70": number;
  /** Mean over the three: MaxBoxAccV2. */
  readonly mean: number;
  /** MaxBoxAcc: the contour of the largest area, at IoU 50. */
  readonly single50: number;
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
  images = 0;
  #thresholds: Float64Array;

  /** @param step between thresholds: 0.01 on the benchmark's command line, 0.001 in its library */
  constructor({ step = 0.01 }: { readonly step?: number } = {}) {
    // As numpy's arange: a step's rounding must not add a threshold.
    const count = Math.ceil(1 / step);
    this.#thresholds = Float64Array.from({ length: count }, (_, i) => i * step);
    this.hits = [...IOU_LEVELS, 50].map(() => new Float64Array(count));
  }

  /**
   * Adds a picture.
   *
   * @param scores in [0, 1], `side × side`
   * @param boxes true boxes in pixels of the map
   * @throws {RangeError} for scores that are NaN or outside of [0, 1]
   */
  add(scores: Float64Array, side: number, boxes: readonly Box[]): void {
    const levels = new Uint8Array(scores.length);
    let top = 0;
    for (const [i, score] of scores.entries()) {
      if (!(score >= 0 && score <= 1)) {
        throw new RangeError(`A score is ${score}, expected a number from 0 to 1`);
      }
      levels[i] = Math.trunc(score * 255);
      top = Math.max(top, levels[i]);
    }
    let known = { cut: -1, best: [] as number[] };
    for (const [t, threshold] of this.#thresholds.entries()) {
      const cut = Math.trunc(threshold * top);
      // Many thresholds cut at the same of 256 levels.
      if (known.cut !== cut) {
        const mask = levels.map((level) => level > cut ? 1 : 0);
        known = { cut, best: bestOverlaps(boxesOf(mask, side), boxes) };
      }
      const [any, largest] = known.best;
      for (const [level, iou] of IOU_LEVELS.entries()) {
        if (any >= iou / 100) this.hits[level][t]++;
      }
      if (largest >= 0.5) this.hits[3][t]++;
    }
    this.images++;
  }

  /** Adds the counts of another part of the same evaluation. */
  merge(other: Pick<BoxEvaluator, "hits" | "images">): void {
    this.images += other.images;
    for (const [level, counts] of this.hits.entries()) {
      for (let t = 0; t < counts.length; t++) counts[t] += other.hits[level][t];
    }
  }

  /** The accuracies at their best thresholds. */
  compute(): BoxAccuracy {
    const [at30, at50, at70, single50] = this.hits.map((counts) =>
      100 * Math.max(...counts) / this.images
    );
    return {
      "30": at30,
      "50": at50,
      "70": at70,
      mean: (at30 + at50 + at70) / 3,
      single50,
    };
  }
}

/** The boxes that a cut of a map gives. */
export interface BoxesOfCut {
  /** Of every contour. */
  readonly all: readonly Box[];
  /** Of the contour with the largest area. */
  readonly largest: Box;
}

/** Boxes of the regions of a binary map as the benchmark finds them; 0, 0, 0, 0 where there are none. */
export function boxesOf(mask: Uint8Array, side: number): BoxesOfCut {
  const contours = findContours(mask, side, side);
  if (contours.length === 0) return { all: [[0, 0, 0, 0]], largest: [0, 0, 0, 0] };
  // OpenCV's bounding rectangle ends one pixel further, which the benchmark cuts at the edge.
  const widen = ({ box: [x0, y0, x1, y1] }: Contour): Box => [
    x0,
    y0,
    Math.min(x1 + 1, side - 1),
    Math.min(y1 + 1, side - 1),
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
