import type { Gpu } from "../engine/gpu.ts";
import { Kernel } from "../engine/kernel.ts";
import { Tensor } from "../engine/tensor.ts";
import { median, time } from "./statistics.ts";
import source from "../shaders/register_peak.wgsl" with { type: "text" };

const kernel = new Kernel("register_peak", source);
const INVOCATIONS = 1 << 16;
/** Multiply-adds of one turn of the shader's loop, two operations each. */
const FLOPS_PER_TURN = 4 * 4 * 2;

/** Operations per second that the adapter reaches on registers alone: the roof of any kernel. */
export async function registerPeak(gpu: Gpu): Promise<number> {
  const out = Tensor.empty(gpu, [INVOCATIONS, 4]);
  const run = async (turns: number) => {
    gpu.run(kernel, {
      buffers: [out.buffer],
      parameters: { turns, factor: 0.999, addend: 0.5 },
      workgroups: [INVOCATIONS / 64],
    });
    await gpu.idle();
  };
  // The difference of a long and a short run leaves launch and waiting out.
  const [short, long] = [100, 1100];
  await run(short);
  const rates: number[] = [];
  for (let i = 0; i < 5; i++) {
    const seconds = (await time(() => run(long)) - await time(() => run(short))) / 1000;
    rates.push(INVOCATIONS * (long - short) * FLOPS_PER_TURN / seconds);
  }
  out.dispose();
  return median(rates);
}
