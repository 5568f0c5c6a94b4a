import { record } from "../autograd.ts";
import { Kernel, linear } from "../kernel.ts";
import { bySlices } from "../slices.ts";
import { Tensor } from "../tensor.ts";
import source from "../../shaders/resize_bilinear.wgsl" with { type: "text" };

const forwardKernel = new Kernel("resize_bilinear", source, { GRADIENT: 0 });
const gradientKernel = new Kernel("resize_bilinear", source, { GRADIENT: 1 });

/**
 * Bilinear interpolation with half-pixel centres and without antialiasing: PyTorch's
 * `interpolate(mode="bilinear", align_corners=False)` and OpenCV's `INTER_LINEAR`.
 *
 * @param x `[n, h, w, c]`
 * @param size `[height, width]` of the result
 * @returns `[n, height, width, c]`
 */
export function resizeBilinear(x: Tensor, [height, width]: readonly [number, number]): Tensor {
  if (x.shape.length !== 4) throw new RangeError(`Resizing takes [n, h, w, c], not [${x.shape}]`);
  const [n, h, w, c] = x.shape;
  const y = Tensor.empty(x.gpu, [n, height, width, c]);
  run(forwardKernel, x, y);
  return record(y, "resizeBilinear", [x], (gradient) => {
    const back = Tensor.empty(x.gpu, x.shape);
    run(gradientKernel, gradient, back);
    return [back];
  });

  function run(kernel: Kernel, from: Tensor, to: Tensor): void {
    bySlices(x.gpu, [from, to], ([from, to]) => {
      x.gpu.run(kernel, {
        buffers: [from.buffer, to.buffer],
        parameters: {
          ...{ in_height: h, in_width: w, height, width },
          pitch: x.pitch / 4,
          vectors: to.vectors,
        },
        workgroups: linear(to.vectors),
      });
    });
  }
}
