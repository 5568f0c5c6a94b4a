import { record } from "../../engine/autograd.ts";
import { Kernel, linear } from "../../engine/kernel.ts";
import { Tensor } from "../../engine/tensor.ts";
import maskSource from "../../shaders/spg_mask.wgsl" with { type: "text" };
import gradientSource from "../../shaders/pixel_loss_gradient.wgsl" with { type: "text" };
import lossSource from "../../shaders/pixel_loss.wgsl" with { type: "text" };
import meanSource from "../../shaders/pixel_loss_mean.wgsl" with { type: "text" };

const maskKernels = {
  scaled: new Kernel("spg_mask", maskSource, { NORMALISE: 1 }),
  asIs: new Kernel("spg_mask", maskSource, { NORMALISE: 0 }),
};
const lossKernel = new Kernel("pixel_loss", lossSource);
const meanKernel = new Kernel("pixel_loss_mean", meanSource);
const gradientKernel = new Kernel("pixel_loss_gradient", gradientSource);

/** A pixel is the object's above `high`, the background's below `low`, and neither's between. */
export interface Cuts {
  /** The object's above this. */
  readonly high: number;
  /** The background's below this. */
  readonly low: number;
}

/**
 * What a map is sure of: 1 for pixels of the object, 0 for the background's, −1 for the rest
 * (`shaders/spg_mask.wgsl`). A constant, no gradient flows into it.
 *
 * @param map `[n, h, w, 1]`
 * @param options `scaled`: bring the map to [0, 1] by its minimum and maximum first
 * @returns `[n, h, w, 1]`
 */
export function pixelLabels(
  map: Tensor,
  { high, low }: Cuts,
  { scaled }: { readonly scaled: boolean },
): Tensor {
  const [batch, height, width] = map.shape;
  const out = Tensor.empty(map.gpu, map.shape);
  map.gpu.run(maskKernels[scaled ? "scaled" : "asIs"], {
    buffers: [map.buffer, out.buffer],
    parameters: { pixels: height * width, high, low },
    workgroups: [batch],
  });
  return out;
}

/**
 * Binary cross-entropy of logits against `pixelLabels`, mean over the pixels of the batch that have a
 * label; 0 where none has.
 *
 * @param logits `[n, h, w, 1]`
 * @param labels `[n, h, w, 1]`
 * @returns `[1]`
 */
export function pixelLoss(logits: Tensor, labels: Tensor): Tensor {
  const { gpu, shape: [batch, height, width] } = logits;
  const sums = Tensor.empty(gpu, [batch, 2]);
  const loss = Tensor.empty(gpu, [1]);
  const share = Tensor.empty(gpu, [1]);
  gpu.run(lossKernel, {
    buffers: [logits, labels, sums].map((t) => t.buffer),
    parameters: { pixels: height * width },
    workgroups: [batch],
  });
  gpu.run(meanKernel, {
    buffers: [sums, loss, share].map((t) => t.buffer),
    parameters: { batch },
    workgroups: [1],
  });
  sums.dispose();
  record(loss, "pixelLoss", [logits], (gradient) => {
    const back = Tensor.empty(gpu, logits.shape);
    gpu.run(gradientKernel, {
      buffers: [logits, labels, share, gradient, back].map((t) => t.buffer),
      parameters: { pixels: logits.rows },
      workgroups: linear(logits.rows),
    });
    share.dispose();
    return [back];
  });
  if (!loss.node) share.dispose();
  return loss;
}
