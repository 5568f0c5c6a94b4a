import { record } from "../autograd.ts";
import { Kernel, linear } from "../kernel.ts";
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

/** The element of each row that its label names: `[n, c]` and labels `[n]` → `[n, 1]`. */
export function selectLabel(x: Tensor, labels: Tensor): Tensor {
  if (labels.type !== "u32" || labels.size !== x.rows) {
    throw new RangeError(
      `${x.rows} rows need as many u32 labels, not ${labels.type} [${labels.shape}]`,
    );
  }
  const out = Tensor.empty(x.gpu, [...x.shape.slice(0, -1), 1]);
  const parameters = { rows: x.rows, pitch: x.pitch / 4 };
  x.gpu.run(selectKernel, {
    buffers: [x.buffer, labels.buffer, out.buffer],
    parameters,
    workgroups: linear(x.rows),
  });
  return record(out, "selectLabel", [x], (gradient) => {
    const back = Tensor.empty(x.gpu, x.shape);
    x.gpu.run(spreadKernel, {
      buffers: [gradient.buffer, labels.buffer, back.buffer],
      parameters,
      workgroups: linear(back.vectors),
    });
    return [back];
  });
}
