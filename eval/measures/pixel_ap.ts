/** How a range of scores is cut into the bins of a histogram. */
export type Thresholds = "even" | "log";

/** The official code's and the benchmark library's step between thresholds. */
export const OFFICIAL_STEP = 0.001;

/** numpy's `arange(0, 1, step)`: a step's rounding must not add a threshold. */
export function evenThresholds(step: number): Float64Array {
  return Float64Array.from({ length: Math.ceil(1 / step) }, (_, i) => i * step);
}

/**
 * The official bins. `even`: 0, 0.001, …, 0.999. `log`: 10^(−6.993), …, 10^(−0.007), 1, as many. Both
 * end with [1, 2) and [2, 3).
 */
export function binEdges(thresholds: Thresholds, step = OFFICIAL_STEP): Float64Array {
  const even = evenThresholds(step);
  const steps = thresholds === "even" ? even : even.map((_, i) => 10 ** -(7 * even.at(-1 - i)!));
  return Float64Array.from([...steps, 1, 2, 3]);
}

/** Which pixels count, and where. */
export interface PixelApOptions {
  readonly thresholds: Thresholds;
  /** Between `even` thresholds, and of as many `log` ones; default 0.001, the official code's. */
  readonly step?: number;
  /**
   * Leave pixels below the first `log` threshold out of everything, as the official code does: its
   * recall then has a smaller denominator. Default false: they count, below every threshold.
   */
  readonly dropLowest?: boolean;
}

/**
 * Pixel-wise average precision (Choe et al., 2020; paper §5.2): pixels are retrieved in the order of
 * their scores, over all pictures at once, in the bins of a histogram.
 *
 *     AP = Σ_bins precision · Δrecall · 100
 *
 * Counts are integers, so parts of an evaluation add up to exactly the whole.
 */
export class PixelAp {
  /** Pixels of the mask in each bin, from the lowest score up. */
  readonly hits: Float64Array;
  /** Pixels outside of the mask. */
  readonly misses: Float64Array;
  #edges: Float64Array;
  #bin: (score: number) => number;

  constructor({ thresholds, step = OFFICIAL_STEP, dropLowest = false }: PixelApOptions) {
    const edges = binEdges(thresholds, step);
    this.#edges = thresholds === "log" && !dropLowest ? Float64Array.from([0, ...edges]) : edges;
    this.hits = new Float64Array(this.#edges.length - 1);
    this.misses = new Float64Array(this.#edges.length - 1);
    const shift = this.#edges.length - edges.length;
    // Where a score is to be expected; `add` moves it to the side of the edge it is on.
    this.#bin = thresholds === "even"
      ? (score) => Math.floor(score / step)
      : (score) => edges.length - 4 + shift + Math.floor(Math.log10(score) / (7 * step));
  }

  /**
   * Adds the pixels of a picture.
   *
   * @param scores in [0, 1]
   * @param inMask which pixels should be retrieved; called with their index
   * @throws {RangeError} for a score that is NaN or outside of [0, 1]
   */
  add(scores: Float64Array, inMask: (pixel: number) => boolean): void {
    const edges = this.#edges;
    const last = edges.length - 2;
    for (let i = 0; i < scores.length; i++) {
      const score = scores[i];
      if (!(score >= 0 && score <= 1)) {
        throw new RangeError(`A score is ${score}, expected a number from 0 to 1`);
      }
      let bin = Math.max(0, Math.min(last, this.#bin(score)));
      while (bin >= 0 && score < edges[bin]) bin--;
      if (bin < 0) continue;
      while (bin < last && score >= edges[bin + 1]) bin++;
      if (inMask(i)) this.hits[bin]++;
      else this.misses[bin]++;
    }
  }

  /** Adds the counts of another part of the same evaluation. */
  merge({ hits, misses }: Record<"hits" | "misses", ArrayLike<number>>): void {
    for (let bin = 0; bin < this.hits.length; bin++) {
      this.hits[bin] += hits[bin];
      this.misses[bin] += misses[bin];
    }
  }

  /** The average precision in percent; NaN when no pixel of a mask was added. */
  compute(): number {
    const positives = this.hits.reduce((a, b) => a + b, 0);
    if (positives === 0) return NaN;
    let [retrieved, found, ap] = [0, 0, 0];
    // From the highest bin down: each bin's threshold retrieves everything above it.
    for (let bin = this.hits.length - 1; bin >= 0; bin--) {
      retrieved += this.hits[bin] + this.misses[bin];
      found += this.hits[bin];
      if (retrieved > 0) ap += (found / retrieved) * (this.hits[bin] / positives);
    }
    return 100 * ap;
  }
}
