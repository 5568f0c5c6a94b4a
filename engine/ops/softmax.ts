import { record } from "../autograd.ts";
import { Kernel, linear } from "../kernel.ts";
import { bySlices } from "../slices.ts";
import { Tensor } from "../tensor.ts";
import source from "../../shaders/softmax.wgsl" with { type: "text" };
import gradientSource from "../../shaders/softmax_gradient.wgsl" with { type: "text" };

const softmaxKernel = new Kernel("softmax", source, { LOGARITHM: 0 });
const logSoftmaxKernel = new Kernel("softmax", source, { LOGARITHM: 1 });
const softmaxGradientKernel = new Kernel("softmax_gradient", gradientSource, { LOGARITHM: 0 });
const logSoftmaxGradientKernel = new Kernel("softmax_gradient", gradientSource, { LOGARITHM: 1 });

/** exp(x_c) / Σ_k exp(x_k) over the last dimension; never overflows. Same shape as x. */
export function softmax(x: Tensor): Tensor {
  return apply(x, "softmax", softmaxKernel, softmaxGradientKernel);
}

/** log softmax(x) over the last dimension, exact also where softmax underflows. Same shape as x. */
export function logSoftmax(x: Tensor): Tensor {
  return apply(x, "logSoftmax", logSoftmaxKernel, logSoftmaxGradientKernel);
}

function apply(x: Tensor, operation: string, forward: Kernel, backward: Kernel): Tensor {
  const { gpu } = x;
  const run = (kernel: Kernel, tensors: readonly Tensor[]) =>
    bySlices(gpu, tensors, (parts) => {
      const [{ rows, channels, pitch }] = parts;
      gpu.run(kernel, {
        buffers: parts.map((t) => t.buffer),
        parameters: { rows, channels, pitch: pitch / 4 },
        workgroups: linear(rows),
      });
    });
  const y = Tensor.empty(gpu, x.shape);
  run(forward, [x, y]);
  return record(y, operation, [x], (gradient) => {
    const back = Tensor.empty(gpu, x.shape);
    run(backward, [y, gradient, back]);
    return [back];
  });
}
