import type { Gpu } from "../../engine/gpu.ts";
import type { NetworkOptions } from "../../bench/network.ts";
import type { Method } from "../../model/classifier.ts";
import type { ParsedOptions } from "../options.ts";
import type { Progress } from "../progress.ts";

/** What every part of `./calm bench` is handed. */
export interface BenchContext {
  readonly gpu: Gpu;
  readonly progress: Progress;
  readonly options: ParsedOptions;
  readonly repetitions: number;
}

/** The network's options, with the defaults of each. */
export function networkOptions(
  network: NetworkOptions["network"],
  options: ParsedOptions,
): NetworkOptions {
  const big = network === "resnet50";
  return {
    network,
    method: (options.text("method") ?? "cam") as Method,
    batch: options.number("batch") ?? (big ? 1 : 32),
    size: options.number("size") ?? (big ? 224 : 64),
    classes: options.number("classes") ?? (big ? 1000 : 12),
    stride: Number(options.text("stride") ?? 32) as NetworkOptions["stride"],
  };
}

/** `± 3 %`. */
export function scatter(share: number): string {
  return `± ${(100 * share).toFixed(0)} %`;
}
