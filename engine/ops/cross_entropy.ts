import { record } from "../autograd.ts";
import { Kernel, linear } from "../kernel.ts";
import { bySlices } from "../slices.ts";
import { Tensor } from "../tensor.ts";
import { affine } from "./elementwise.ts";
import { mean } from "./reduce.ts";
import { logSoftmax } from "./softmax.ts";
import selectLabelSource from "../../shaders/select_label.wgsl" with { type: "text" };

const selectKernel = new Kernel("select_label", selectLabelSource, { GRADIENT: 0 });
const spreadKernel = new Kernel("select_label", selectLabelSource, { GRADIENT: 1 });

/**
 * Mean over the batch of −log softmax(logits)[label].
 *
 * @param logits `[n, classes]`
 * @param labels `[n]`, u32, each below the number of classes
 * @returns the loss, `[1]`
 */
export function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  return affine(mean(selectLabel(logSoftmax(logits), labels)), { scale: -1 });
}

/**
 * The element of each row that its picture's label names: `[n, c]` → `[n, 1]`, `[n, h, w, c]` →
 * `[n, h, w, 1]`.
 *
 * @param labels `[n]`, u32
 */
export function selectLabel(x: Tensor, labels: Tensor): Tensor {
  const [batch] = x.shape;
  if (labels.type !== "u32" || labels.size !== batch) {
    throw new RangeError(
      `A batch of ${batch} needs as many u32 labels, not ${labels.type} [${labels.shape}]`,
    );
  }
  const run = (kernel: Kernel, from: Tensor, to: Tensor) =>
    bySlices(x.gpu, [from, to], ([from, to], slice) => {
      const wide = kernel === spreadKernel ? to : from;
      x.gpu.run(kernel, {
        buffers: [from.buffer, labels.buffer, to.buffer],
        parameters: {
          rows: wide.rows,
          pitch: wide.pitch / 4,
          locations: wide.rows / slice.count,
          first: slice.from,
        },
        workgroups: linear(kernel === spreadKernel ? to.vectors : from.rows),
      });
    });
  const out = Tensor.empty(x.gpu, [...x.shape.slice(0, -1), 1]);
  run(selectKernel, x, out);
  return record(out, "selectLabel", [x], (gradient) => {
    const back = Tensor.empty(x.gpu, x.shape);
    run(spreadKernel, gradient, back);
    return [back];
  });
}
