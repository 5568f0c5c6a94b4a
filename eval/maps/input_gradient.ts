import { backward } from "../../engine/autograd.ts";
import { selectLabel } from "../../engine/ops/cross_entropy.ts";
import { affine } from "../../engine/ops/elementwise.ts";
import { meanSpatial, sum } from "../../engine/ops/reduce.ts";
import { Tensor } from "../../engine/tensor.ts";
import { labelLogJoint } from "../../model/calm/joint.ts";
import { marginalLoss } from "../../model/calm/losses.ts";
import { type Classifier, uploadPictures } from "../../model/classifier.ts";
import type { Outputs } from "../../model/heads/head.ts";

/**
 * What the gradient methods differentiate: the pooled logit of a class for CAM, as in the official
 * code, and log p(y|x) for CALM, which has no pooled logits.
 */
function scoreOf({ f, logH }: Outputs, labels: Tensor): Tensor {
  if (!logH) return selectLabel(meanSpatial(f), labels);
  return affine(marginalLoss(labelLogJoint(f, logH, labels)), { scale: -1 });
}

/**
 * ∂ score_y / ∂input with the running statistics. The location normaliser is differentiated with the
 * rest: a model may be trained with it detached, but a map has to be a gradient of its score.
 *
 * @param from the input: pictures `[n, h, w, 3]`, or the backbone's features `[n, h, w, features]`
 * @param labels the class y of each picture
 * @returns the gradient in row-major order
 */
export async function scoreGradient(
  model: Classifier,
  { from, input }: { readonly from: "pictures" | "features"; readonly input: Tensor },
  labels: Uint32Array<ArrayBuffer>,
): Promise<Float32Array> {
  const parameters = model.parameters().map(({ tensor }) => tensor);
  const { gpu } = input;
  const { training } = model;
  model.setTraining(false);
  // Only the input's gradient is wanted: the weights' would cost as much again.
  for (const parameter of parameters) parameter.requiresGradient = false;
  input.asParameter();
  try {
    gpu.scope(() => {
      const y = Tensor.from(gpu, labels, [labels.length], "u32");
      const outputs = from === "pictures"
        ? model.forward(input, { forMaps: true })
        : model.head(input);
      backward(sum(scoreOf(outputs, y)));
    });
  } finally {
    for (const parameter of parameters) parameter.requiresGradient = true;
    model.setTraining(training);
  }
  const gradient = input.gradient!;
  input.gradient = null;
  try {
    return await gradient.read();
  } finally {
    gradient.dispose();
  }
}

/**
 * max_c |∂ score_y / ∂x_c| of every pixel (Simonyan et al., 2014), with the running statistics.
 *
 * @param images `size` pictures `[extent, extent, 3]`, normalised, channels padded to 4
 * @param labels the class y of each picture
 * @returns `size` maps of `extent × extent`
 */
export async function inputGradient(
  model: Classifier,
  images: Float32Array<ArrayBuffer>,
  labels: Uint32Array<ArrayBuffer>,
): Promise<Float32Array> {
  const { gpu } = model;
  const x = uploadPictures(gpu, { images, size: labels.length });
  try {
    const gradient = await scoreGradient(model, { from: "pictures", input: x }, labels);
    const size = (i: number) => Math.abs(gradient[i]);
    return Float32Array.from(
      { length: gradient.length / 3 },
      (_, i) => Math.max(size(3 * i), size(3 * i + 1), size(3 * i + 2)),
    );
  } finally {
    x.dispose();
  }
}
