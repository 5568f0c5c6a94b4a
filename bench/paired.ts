import { median } from "./statistics.ts";

/** How two pieces of work compare. */
export interface Comparison {
  /** How many times as fast the second is as the first: the median of the rounds' ratios. */
  readonly ratio: number;
  /** Ends of an interval that holds the true median with a probability of 99 %. */
  readonly interval: readonly [low: number, high: number];
  /** Milliseconds of each, by round. */
  readonly times: readonly [first: readonly number[], second: readonly number[]];
}

/** When to stop: at a narrow interval, or when patience is over. */
export interface Patience {
  /** Half of the interval over the ratio that is narrow enough. */
  readonly narrow: number;
  readonly least: number;
  readonly most: number;
  readonly seconds: number;
}

/**
 * Times two pieces of work by turns, the one that goes first changing from round to round, until the
 * interval of their ratio is narrow. Every ratio is of two runs one after the other, so that what
 * slows the machine down slows both.
 *
 * @param runs each returns its milliseconds
 * @param onRound told the share of the patience that is used up
 */
export async function comparePaired(
  runs: readonly [first: () => Promise<number>, second: () => Promise<number>],
  { narrow, least, most, seconds }: Patience,
  onRound: (share: number) => void = () => {},
): Promise<Comparison> {
  const times: [number[], number[]] = [[], []];
  const began = performance.now();
  while (true) {
    const order = times[0].length % 2 === 0 ? [0, 1] : [1, 0];
    for (const who of order) times[who].push(await runs[who]());
    const ratios = times[0].map((time, round) => time / times[1][round]);
    const ratio = median(ratios);
    const interval = medianInterval(ratios);
    const rounds = ratios.length;
    const used = (performance.now() - began) / 1000 / seconds;
    const isNarrow = (interval[1] - interval[0]) / 2 <= narrow * ratio;
    if (rounds >= most || (rounds >= least && (isNarrow || used >= 1))) {
      return { ratio, interval, times };
    }
    onRound(Math.min(1, Math.max(used, rounds / most)));
  }
}

/** Two-sided chance that the interval misses the median. */
const MISSES = 0.01;

/**
 * An interval that holds the median with a probability of at least 99 %, whatever the distribution:
 * between two of the sorted values, by the binomial distribution. Without end for fewer than eight.
 */
export function medianInterval(values: readonly number[]): [low: number, high: number] {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  // P(at most k of n fall below the median) = Σ_{i ≤ k} C(n, i) / 2ⁿ
  let [term, tail, k] = [0.5 ** n, 0.5 ** n, 0];
  if (tail > MISSES / 2) return [-Infinity, Infinity];
  while (true) {
    term *= (n - k) / (k + 1);
    if (tail + term > MISSES / 2) return [sorted[k], sorted[n - 1 - k]];
    tail += term;
    k++;
  }
}
