import type { Gpu } from "../../engine/gpu.ts";
import { type NetworkOptions, NETWORKS } from "../../bench/network.ts";
import type { Row } from "../../bench/race.ts";
import { UserError } from "../../engine/errors.ts";
import type { Method } from "../../model/methods.ts";
import type { OptionTable, ParsedOptions } from "../options.ts";
import type { Progress } from "../progress.ts";

/** What every part of `./calm bench` is handed. */
export interface BenchContext {
  readonly gpu: Gpu;
  readonly progress: Progress;
  readonly options: ParsedOptions;
  readonly repetitions: number;
}

/** Options that say which network is meant, for `bench` and `tune`. */
export const NETWORK_OPTIONS: OptionTable = {
  batch: { type: "integer", min: 1, help: "pictures (default 32, resnet50: 1)" },
  size: { type: "integer", min: 8, help: "height and width (default 64, resnet50: 224)" },
  classes: { type: "integer", min: 2, help: "classes (default 12, resnet50: 1000)" },
  stride: {
    type: "choice",
    choices: ["32", "16", "8"],
    help: "resnet50: pixels per cell of the map; 224 pixels give 7×7, 14×14, 28×28",
    default: 32,
  },
};

/**
 * The network that a command line names, with the defaults of each.
 *
 * @throws {UserError} when there is no such network, or the option is another network's
 */
export function networkOptions(
  name: string = NETWORKS[0],
  options: ParsedOptions,
): NetworkOptions {
  const network = NETWORKS.find((known) => known === name);
  if (!network) throw new UserError(`There is no network "${name}": it is ${NETWORKS.join(", ")}`);
  const big = network === "resnet50";
  if (!big && options.has("stride")) throw new UserError("--stride is an option of resnet50 only");
  return {
    network,
    method: (options.setting("method")) as Method,
    batch: options.number("batch") ?? (big ? 1 : 32),
    size: options.number("size") ?? (big ? 224 : 64),
    classes: options.number("classes") ?? (big ? 1000 : 12),
    stride: options.quantity("stride") as NetworkOptions["stride"],
  };
}

/** `± 3 %`. */
export function scatter(share: number): string {
  return `± ${(100 * share).toFixed(0)} %`;
}

/** `8.08 ms ± 1 %, 28.6 GFLOP/s, 41 % of the peak`. */
export function speed(
  { ours_ms, gflops, peak_share }: Pick<Row, "ours_ms" | "gflops" | "peak_share">,
  { spread, digits }: { readonly spread: number; readonly digits: number },
): string {
  const time = `${ours_ms.toFixed(digits)} ms ${scatter(spread)}`;
  if (gflops === null || peak_share === null) return time;
  return `${time}, ${gflops.toFixed(1)} GFLOP/s, ${(100 * peak_share).toFixed(0)} % of the peak`;
}
