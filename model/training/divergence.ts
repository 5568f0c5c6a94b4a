import { Kernel } from "../../engine/kernel.ts";
import { Tensor } from "../../engine/tensor.ts";
import type { StateEntry } from "../module.ts";
import source from "../../shaders/not_finite.wgsl" with { type: "text" };

const kernel = new Kernel("not_finite", source);

/**
 * The name of the first tensor that holds NaN or infinity; null when all numbers are finite. Every
 * element is looked at on the GPU, and two numbers are read back.
 */
export async function firstNotFinite(entries: readonly StateEntry[]): Promise<string | null> {
  if (entries.length === 0) return null;
  const [{ tensor: { gpu } }] = entries;
  const found = Tensor.from(gpu, [0, 0, 0, 0], [4], "u32");
  try {
    for (const { tensor } of entries) {
      gpu.run(kernel, {
        buffers: [tensor.buffer, found.buffer],
        parameters: { vectors: tensor.vectors },
        workgroups: [1],
      });
    }
    const [, number] = await found.read();
    return number > 0 ? entries[number - 1].name : null;
  } finally {
    found.dispose();
  }
}
