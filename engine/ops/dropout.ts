import { record } from "../autograd.ts";
import { Kernel, linear } from "../kernel.ts";
import { bySlices } from "../slices.ts";
import { Tensor } from "../tensor.ts";
import source from "../../shaders/dropout.wgsl" with { type: "text" };

const kernel = new Kernel("dropout", source);

/**
 * Dropout (Srivastava et al., 2014): every element becomes 0 with probability `rate`, the others grow
 * by 1 / (1 − rate). The same key drops the same elements.
 *
 * @param key two words of 32 random bits
 */
export function dropout(
  x: Tensor,
  { rate, key: [key, key_2] }: { readonly rate: number; readonly key: readonly [number, number] },
): Tensor {
  const run = (from: Tensor): Tensor => {
    const to = Tensor.empty(from.gpu, from.shape);
    bySlices(from.gpu, [from, to], ([part, out], slice) => {
      const first = slice.from * from.vectors / from.shape[0];
      from.gpu.run(kernel, {
        buffers: [part.buffer, out.buffer],
        parameters: { vectors: part.vectors, first, key, key_2, rate },
        workgroups: linear(part.vectors),
      });
    });
    return to;
  };
  return record(run(x), "dropout", [x], (gradient) => [run(gradient)]);
}
