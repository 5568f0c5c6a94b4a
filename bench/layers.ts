import type { Gpu } from "../engine/gpu.ts";
import { product } from "../engine/tensor.ts";
import { chosen, type Variant, type Work } from "../engine/tuning.ts";
import { sampleOperands } from "./check_variant.ts";
import { timeOnGpu } from "./measure.ts";
import { median, spread } from "./statistics.ts";

/** One piece of work, timed by itself. */
export interface LayerRow {
  /** Family, e.g. `conv2d_forward`. */
  readonly name: string;
  readonly shape: string;
  readonly variant: string;
  /** How often the network does it. */
  readonly count: number;
  readonly ours_ms: number;
  readonly gflops: number;
  /** Share of the register peak. */
  readonly peak_share: number;
  /** Bytes of the operands a second, as a share of the copy bandwidth. */
  readonly bandwidth_share: number;
  /** Operations per byte of the operands. */
  readonly intensity: number;
  readonly spread: number;
}

/** What the adapter can do at most. */
export interface Roof {
  /** Operations per second on registers. */
  readonly peak: number;
  /** Bytes per second of a copy. */
  readonly bandwidth: number;
}

/** Times one variant of a piece of work on random operands. */
export async function timeVariant<P>(
  gpu: Gpu,
  { family, problem }: Work<P>,
  variant: Variant<P>,
  repetitions: number,
): Promise<number[]> {
  const operands = sampleOperands(gpu, family, problem);
  try {
    return await timeOnGpu(gpu, repetitions, () => variant.run(gpu, problem, operands));
  } finally {
    for (const tensor of operands) tensor.dispose();
  }
}

/** Times the chosen variant of a piece of work and sets it against the roof. */
export async function timeLayer(
  gpu: Gpu,
  { work, count }: { readonly work: Work; readonly count: number },
  { roof, repetitions }: { readonly roof: Roof; readonly repetitions: number },
): Promise<LayerRow> {
  const { family, problem } = work;
  const variant = chosen(gpu, family, problem);
  const times = await timeVariant(gpu, work, variant, repetitions);
  const seconds = median(times) / 1000;
  const flops = family.flops(problem);
  const bytes = 4 * family.shapes(problem).reduce((sum, shape) => sum + product(shape), 0);
  return {
    name: family.name,
    shape: family.describe(problem),
    variant: variant.name,
    count,
    ours_ms: 1000 * seconds,
    gflops: flops / seconds / 1e9,
    peak_share: flops / seconds / roof.peak,
    bandwidth_share: bytes / seconds / roof.bandwidth,
    intensity: flops / bytes,
    spread: spread(times),
  };
}
