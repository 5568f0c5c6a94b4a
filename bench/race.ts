import { UserError } from "../engine/errors.ts";
import type { Contestant } from "./contestant.ts";
import { median, spread, time } from "./statistics.ts";

/** How far the logits of two contestants may be apart, as a share of the largest. */
const TOLERANCE = 1e-3;

/** One line of the result, as `--json` prints it. */
export interface Row {
  readonly name: string;
  readonly ours_ms: number;
  /** `null` where more than arithmetic is timed. */
  readonly gflops: number | null;
  /** Share of the register peak. */
  readonly peak_share: number | null;
  readonly peer: string | null;
  readonly peer_ms: number | null;
  /** peer_ms / ours_ms. */
  readonly ratio: number | null;
  /** Half the distance of the quartiles over the median. */
  readonly spread: { readonly ours: number; readonly peer: number | null };
}

/**
 * Compares the logits of two contestants.
 *
 * @returns the largest difference as a share of the largest logit
 * @throws {UserError} when it is more than a thousandth: what computes something else is not timed
 */
export async function compare(ours: Contestant, peer: Contestant): Promise<number> {
  const [a, b] = [await ours.logits(), await peer.logits()];
  let [difference, largest] = [a.length === b.length ? 0 : Infinity, 0];
  for (let i = 0; i < a.length; i++) {
    const apart = Math.abs(a[i] - b[i]);
    if (!(apart <= difference)) difference = Number.isNaN(apart) ? Infinity : apart;
    largest = Math.max(largest, Math.abs(a[i]));
  }
  if (!(difference <= TOLERANCE * largest)) {
    throw new UserError(
      `${peer.name} and ${ours.name} disagree: their logits differ by ${difference}, the ` +
        `largest being ${largest}`,
    );
  }
  return difference / largest;
}

/** Times one phase of both by turns, after two rounds for warming up. */
export async function race(
  ours: Contestant,
  peer: Contestant | null,
  { phase, repetitions, flops, peak, onRound, onOurs }: {
    readonly phase: string;
    readonly repetitions: number;
    /** Operations of the phase, and the adapter's operations per second on registers. */
    readonly flops: number;
    readonly peak: number;
    onRound(done: number): void;
    /** Called after each timed run of ours. */
    onOurs?(milliseconds: number): void;
  },
): Promise<Row> {
  const times = { ours: [] as number[], peer: [] as number[] };
  const rival = peer && phase in peer.phases ? peer : null;
  for (let round = -2; round < repetitions; round++) {
    for (const [who, library] of [["ours", ours], ["peer", rival]] as const) {
      if (!library) continue;
      let numbers: ArrayLike<number> = [];
      const milliseconds = await time(async () => numbers = await library.phases[phase]());
      // A library that computes nonsense is not worth timing.
      if (!Array.from(numbers).every(Number.isFinite)) {
        throw new UserError(`${library.name}: the result of the ${phase} is not a number`);
      }
      if (round < 0) continue;
      times[who].push(milliseconds);
      if (who === "ours") onOurs?.(milliseconds);
    }
    onRound(Math.max(0, round + 1));
  }
  const middle = median(times.ours);
  const rate = flops / (middle / 1000);
  return {
    name: phase,
    ours_ms: middle,
    gflops: rate / 1e9,
    peak_share: rate / peak,
    peer: rival?.name ?? null,
    peer_ms: rival ? median(times.peer) : null,
    ratio: rival ? median(times.peer) / middle : null,
    spread: { ours: spread(times.ours), peer: rival ? spread(times.peer) : null },
  };
}
