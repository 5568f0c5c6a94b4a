import { record } from "../autograd.ts";
import { Kernel, linear } from "../kernel.ts";
import { bySlices } from "../slices.ts";
import { Tensor } from "../tensor.ts";
import maxSource from "../../shaders/max_pool.wgsl" with { type: "text" };
import maxGradientSource from "../../shaders/max_pool_gradient.wgsl" with { type: "text" };
import averageSource from "../../shaders/average_pool.wgsl" with { type: "text" };

const maxKernel = new Kernel("max_pool", maxSource);
const maxGradientKernel = new Kernel("max_pool_gradient", maxGradientSource);
const averageKernel = new Kernel("average_pool", averageSource, { GRADIENT: 0 });
const averageGradientKernel = new Kernel("average_pool", averageSource, { GRADIENT: 1 });

/** A square pooling window, with PyTorch's meanings. */
export interface PoolOptions {
  /** Height and width of the window. */
  readonly kernel: number;
  /** Default: the kernel. */
  readonly stride?: number;
  /** At most half the kernel. Default 0. */
  readonly padding?: number;
  /** Also keep windows that reach beyond the lower and right edge. Default false. */
  readonly ceilMode?: boolean;
}

/** Largest value of each window; `[n, h, w, c]` → `[n, height, width, c]`. */
export function maxPool(x: Tensor, options: PoolOptions): Tensor {
  const { shape, uniforms } = measure(x, options);
  const y = Tensor.empty(x.gpu, shape);
  const place = Tensor.empty(x.gpu, shape, "u32");
  bySlices(x.gpu, [x, y, place], ([x, y, place]) => {
    x.gpu.run(maxKernel, {
      buffers: [x.buffer, y.buffer, place.buffer],
      parameters: uniforms(y),
      workgroups: linear(y.vectors),
    });
  });
  record(y, "maxPool", [x], (gradient) => {
    const back = Tensor.empty(x.gpu, x.shape);
    bySlices(x.gpu, [gradient, place, back], ([gradient, place, back]) => {
      x.gpu.run(maxGradientKernel, {
        buffers: [gradient.buffer, place.buffer, back.buffer],
        parameters: uniforms(back),
        workgroups: linear(back.vectors),
      });
    });
    place.dispose();
    return [back];
  });
  if (!y.node) place.dispose();
  return y;
}

/**
 * Mean of each window; `[n, h, w, c]` → `[n, height, width, c]`.
 *
 * @param options `countPadding` (default true, as in PyTorch): zeros of the padding count
 */
export function averagePool(x: Tensor, options: PoolOptions & { countPadding?: boolean }): Tensor {
  const { shape, uniforms } = measure(x, options);
  const countPadding = options.countPadding ?? true ? 1 : 0;
  const y = Tensor.empty(x.gpu, shape);
  bySlices(x.gpu, [x, y], ([x, y]) => {
    x.gpu.run(averageKernel, {
      buffers: [x.buffer, y.buffer],
      parameters: { ...uniforms(y), count_padding: countPadding },
      workgroups: linear(y.vectors),
    });
  });
  return record(y, "averagePool", [x], (gradient) => {
    const back = Tensor.empty(x.gpu, x.shape);
    bySlices(x.gpu, [gradient, back], ([gradient, back]) => {
      x.gpu.run(averageGradientKernel, {
        buffers: [gradient.buffer, back.buffer],
        parameters: { ...uniforms(back), count_padding: countPadding },
        workgroups: linear(back.vectors),
      });
    });
    return [back];
  });
}

/** The result's shape, and the uniforms of a kernel that writes `target`. */
function measure(x: Tensor, options: PoolOptions) {
  const { kernel, stride = kernel, padding = 0, ceilMode = false } = options;
  if (x.shape.length !== 4) throw new RangeError(`Pooling takes [n, h, w, c], not [${x.shape}]`);
  if (2 * padding > kernel) {
    throw new RangeError(`Padding ${padding} is more than half of the window ${kernel}`);
  }
  const [n, h, w, c] = x.shape;
  const extent = (length: number) => {
    const room = (length + 2 * padding - kernel) / stride;
    let windows = (ceilMode ? Math.ceil(room) : Math.floor(room)) + 1;
    // A window that would begin in the padding behind the picture is dropped.
    if (ceilMode && (windows - 1) * stride >= length + padding) windows--;
    return windows;
  };
  const [height, width] = [extent(h), extent(w)];
  if (height < 1 || width < 1) {
    throw new RangeError(`A window of ${kernel} does not fit a ${h}×${w} picture`);
  }
  const uniforms = (target: Tensor) => ({
    ...{ in_height: h, in_width: w, height, width, pitch: x.pitch / 4 },
    ...{ vectors: target.vectors, kernel, stride, padding },
  });
  return { shape: [n, height, width, c], uniforms };
}
