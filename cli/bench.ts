import type { Command } from "../cli.ts";
import type { Peer } from "../bench/peers/peer.ts";
import { registerPeak } from "../bench/register_peak.ts";
import { ourSmallNetwork, smallNetworkFlops } from "../bench/small_network.ts";
import { median, spread, time } from "../bench/statistics.ts";
import { Gpu } from "../engine/gpu.ts";
import { UserError } from "../engine/errors.ts";
import { METHODS } from "../model/classifier.ts";
import type { Method } from "../model/classifier.ts";
import { Progress } from "./progress.ts";

/** One line of the result. */
interface Row {
  readonly name: string;
  readonly ours_ms: number;
  readonly gflops: number;
  readonly peak_share: number;
  readonly peer: string | null;
  readonly peer_ms: number | null;
  readonly ratio: number | null;
  /** Half the distance of the quartiles over the median, ours and the peer's. */
  readonly spread: { readonly ours: number; readonly peer: number | null };
}

/** `./calm bench`. */
const bench: Command = {
  spec: {
    name: "bench",
    summary:
      "Times the small network's training step and forward pass on this adapter, beside a\n" +
      "peer where one is named. Repetitions of both are interleaved; medians are compared.",
    options: {
      peer: { type: "choice", choices: ["tfjs"], help: "library to compare with" },
      method: { type: "choice", choices: METHODS, help: "last layers and loss", default: "cam" },
      batch: { type: "integer", min: 1, help: "pictures per step", default: 32 },
      size: { type: "integer", min: 8, help: "height and width of the pictures", default: 64 },
      classes: { type: "integer", min: 2, help: "number of classes", default: 12 },
      repetitions: { type: "integer", min: 3, max: 1000, help: "of each", default: 7 },
    },
    examples: ["./calm bench --peer tfjs --json"],
  },
  async run(options) {
    const shape = {
      batch: options.number("batch") ?? 32,
      size: options.number("size") ?? 64,
      classes: options.number("classes") ?? 12,
    };
    const method = (options.text("method") ?? "cam") as Method;
    const repetitions = options.number("repetitions") ?? 7;
    const progress = new Progress();
    const gpu = await Gpu.request();
    const ours = ourSmallNetwork(gpu, shape, method);
    const peer = options.has("peer")
      ? await (await import("../bench/peers/tfjs.ts")).tfjsSmallNetwork(shape)
      : null;
    try {
      const peak = await registerPeak(gpu);
      const flops = smallNetworkFlops(shape);
      const results: Row[] = [];
      for (const phase of ["forward", "step"] as const) {
        const measured = await interleave(
          ours,
          peer,
          phase,
          repetitions,
          (done) => progress.update(phase, done / repetitions, `${done} of ${repetitions}`),
        );
        results.push(row(phase, measured, flops[phase], peak, peer));
      }
      table(progress, results, gpu, peak);
      const { description, fallback } = gpu.adapter;
      return { adapter: { description, fallback }, peak_gflops: peak / 1e9, shape, results };
    } finally {
      ours.close();
      peer?.close();
      gpu.destroy();
    }
  },
};

export default bench;

/** Times both by turns, after two rounds for warming up. */
async function interleave(
  ours: Peer,
  peer: Peer | null,
  phase: "forward" | "step",
  repetitions: number,
  onRound: (done: number) => void,
): Promise<{ ours: number[]; peer: number[] }> {
  const times = { ours: [] as number[], peer: [] as number[] };
  for (let round = -2; round < repetitions; round++) {
    for (const [who, library] of [["ours", ours], ["peer", peer]] as const) {
      if (!library) continue;
      let loss = NaN;
      const milliseconds = await time(async () => loss = await library[phase]());
      // A library that computes nonsense is not worth timing.
      if (!Number.isFinite(loss)) throw new UserError(`${library.name}: the loss is ${loss}`);
      if (round >= 0) times[who].push(milliseconds);
    }
    onRound(Math.max(0, round + 1));
  }
  return times;
}

function row(
  phase: "forward" | "step",
  times: { ours: number[]; peer: number[] },
  flops: number,
  peak: number,
  peer: Peer | null,
): Row {
  const ours = median(times.ours);
  const rate = flops / (ours / 1000);
  return {
    name: phase === "step" ? "training step" : "forward pass",
    ours_ms: ours,
    gflops: rate / 1e9,
    peak_share: rate / peak,
    peer: peer?.name ?? null,
    peer_ms: peer ? median(times.peer) : null,
    ratio: peer ? median(times.peer) / ours : null,
    spread: { ours: spread(times.ours), peer: peer ? spread(times.peer) : null },
  };
}

function table(progress: Progress, results: readonly Row[], gpu: Gpu, peak: number): void {
  progress.line(
    `adapter: ${gpu.adapter.description}, register peak ${(peak / 1e9).toFixed(0)} GFLOP/s`,
  );
  for (const { name, ours_ms, gflops, peak_share, peer, peer_ms, ratio, spread } of results) {
    const scatter = (value: number) => `± ${(100 * value).toFixed(0)} %`;
    progress.line(
      `${name.padEnd(14)} ${ours_ms.toFixed(1)} ms ${scatter(spread.ours)}, ` +
        `${gflops.toFixed(1)} GFLOP/s, ${(100 * peak_share).toFixed(0)} % of the peak` +
        (peer
          ? `; ${peer} ${peer_ms!.toFixed(0)} ms ${scatter(spread.peer!)}: ${ratio!.toFixed(1)}×`
          : ""),
    );
  }
}
