import type { Gpu } from "../engine/gpu.ts";
import type { Span } from "../engine/profiler.ts";
import { Tensor } from "../engine/tensor.ts";
import { affine } from "../engine/ops/elementwise.ts";
import { median, time } from "./statistics.ts";

/** Bytes of the tensor that is copied to measure the bandwidth, or what the adapter allows. */
const COPIED = 64 * 2 ** 20;

/**
 * Times recorded work on the GPU, after one round for warming up.
 *
 * With timestamps it is the sum over the dispatches, without what lies between them; else time on
 * the clock, many rounds at once so that waiting does not count.
 *
 * @returns milliseconds of each repetition
 */
export async function timeOnGpu(
  gpu: Gpu,
  repetitions: number,
  body: () => void,
): Promise<number[]> {
  body();
  await gpu.idle();
  const times: number[] = [];
  if (gpu.hasTimestamps) {
    for (let i = 0; i < repetitions; i++) times.push(total(await profile(gpu, body)));
    return times;
  }
  const waiting = await time(() => gpu.idle());
  const once = await time(() => (body(), gpu.idle())) - waiting;
  const rounds = Math.max(1, Math.ceil(10 * waiting / Math.max(once, 0.1)));
  for (let i = 0; i < repetitions; i++) {
    const start = performance.now();
    for (let round = 0; round < rounds; round++) body();
    await gpu.idle();
    times.push((performance.now() - start - waiting) / rounds);
  }
  return times;
}

/** The dispatches of `body`, each with its time. */
export async function profile(gpu: Gpu, body: () => void): Promise<Span[]> {
  gpu.beginProfile();
  body();
  return await gpu.endProfile();
}

/** Milliseconds of all dispatches. */
export function total(spans: readonly Span[]): number {
  return spans.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
}

/** Bytes per second that a copy reads and writes: the roof of kernels that hardly compute. */
export async function copyBandwidth(gpu: Gpu): Promise<number> {
  const elements = Math.min(COPIED, gpu.device.limits.maxStorageBufferBindingSize / 2) / 4;
  const x = Tensor.zeros(gpu, [elements / 1024, 1024]);
  const times = await timeOnGpu(
    gpu,
    5,
    () => affine(x, { scale: 1 }).dispose(),
  );
  x.dispose();
  return 2 * 4 * elements / (median(times) / 1000);
}
