import { Kernel } from "../../engine/kernel.ts";
import { Tensor } from "../../engine/tensor.ts";
import source from "../../shaders/keep_below.wgsl" with { type: "text" };

const kernels = {
  minimum: new Kernel("keep_below", source, { FROM_MINIMUM: 1 }),
  zero: new Kernel("keep_below", source, { FROM_MINIMUM: 0 }),
};

/**
 * A mask that hides the strongest locations of each picture: 0 where a map is at least `threshold`
 * of the way from its minimum (ACoL) or from zero (ADL) to its maximum, 1 elsewhere. A constant,
 * no gradient flows into it.
 *
 * @param a `[n, h, w, 1]`
 */
export function keepBelow(a: Tensor, from: keyof typeof kernels, threshold: number): Tensor {
  const [batch, height, width] = a.shape;
  const out = Tensor.empty(a.gpu, a.shape);
  a.gpu.run(kernels[from], {
    buffers: [a.buffer, out.buffer],
    parameters: { locations: height * width, threshold },
    workgroups: [batch],
  });
  return out;
}
