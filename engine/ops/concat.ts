import { record } from "../autograd.ts";
import { Kernel, linear } from "../kernel.ts";
import { bySlices } from "../slices.ts";
import { Tensor } from "../tensor.ts";
import source from "../../shaders/copy_channels.wgsl" with { type: "text" };

const copyKernel = new Kernel("copy_channels", source);

/**
 * Joins tensors along the last dimension: `[…, c₁]`, `[…, c₂]`, … → `[…, c₁ + c₂ + …]`.
 *
 * @throws {RangeError} when the other dimensions differ
 */
export function concat(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  const outer = first.shape.slice(0, -1);
  for (const { shape } of tensors) {
    if (shape.slice(0, -1).join() !== outer.join()) {
      throw new RangeError(`Tensors of [${first.shape}] and [${shape}] cannot be joined`);
    }
  }
  const channels = tensors.reduce((total, tensor) => total + tensor.channels, 0);
  const out = Tensor.empty(first.gpu, [...outer, channels]);
  const offsets: number[] = [];
  let offset = 0;
  for (const tensor of tensors) {
    offsets.push(offset);
    copyChannels(tensor, out, { from: 0, to: offset, count: tensor.channels });
    offset += tensor.channels;
  }
  return record(out, "concat", tensors, (gradient) =>
    tensors.map((tensor, i) => {
      if (!tensor.tracked) return null;
      const part = Tensor.empty(tensor.gpu, tensor.shape);
      copyChannels(gradient, part, { from: offsets[i], to: 0, count: tensor.channels });
      return part;
    }));
}

function copyChannels(
  x: Tensor,
  out: Tensor,
  { from, to, count }: { from: number; to: number; count: number },
): void {
  const padding = to + count === out.channels ? out.pitch - out.channels : 0;
  bySlices(x.gpu, [x, out], ([x, out]) => {
    x.gpu.run(copyKernel, {
      buffers: [x.buffer, out.buffer],
      parameters: {
        rows: x.rows,
        count,
        source: from,
        destination: to,
        pitch: x.pitch,
        out_pitch: out.pitch,
        padding,
      },
      workgroups: linear(x.rows * (count + padding)),
    });
  });
}
