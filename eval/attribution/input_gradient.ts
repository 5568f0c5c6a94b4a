import { backward } from "../../engine/autograd.ts";
import { selectLabel } from "../../engine/ops/cross_entropy.ts";
import { affine } from "../../engine/ops/elementwise.ts";
import { meanSpatial, sum } from "../../engine/ops/reduce.ts";
import { Tensor } from "../../engine/tensor.ts";
import { labelLogJoint } from "../../model/calm/joint.ts";
import { marginalLoss } from "../../model/calm/losses.ts";
import { type Classifier, type Outputs, uploadPictures } from "../../model/classifier.ts";

/**
 * What the gradient methods differentiate: the pooled logit of a class for CAM, as in the official
 * code, and log p(y|x) for CALM, which has no pooled logits.
 */
function scoreOf({ f, logH }: Outputs, labels: Tensor): Tensor {
  if (!logH) return selectLabel(meanSpatial(f), labels);
  return affine(marginalLoss(labelLogJoint(f, logH, labels)), { scale: -1 });
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
  const parameters = model.parameters().map(({ tensor }) => tensor);
  const [{ gpu }] = parameters;
  const { training } = model;
  const size = labels.length;
  model.setTraining(false);
  // Only the pictures' gradient is wanted: the weights' would cost as much again.
  for (const parameter of parameters) parameter.requiresGradient = false;
  const x = uploadPictures(gpu, { images, size }).asParameter();
  try {
    gpu.scope(() => {
      const y = Tensor.from(gpu, labels, [size], "u32");
      backward(sum(scoreOf(model.forward(x), y)));
    });
    const gradient = await x.gradient!.read();
    return Float32Array.from(
      { length: gradient.length / 3 },
      (_, i) =>
        Math.max(
          Math.abs(gradient[3 * i]),
          Math.abs(gradient[3 * i + 1]),
          Math.abs(gradient[3 * i + 2]),
        ),
    );
  } finally {
    x.dispose();
    for (const parameter of parameters) parameter.requiresGradient = true;
    model.setTraining(training);
  }
}
