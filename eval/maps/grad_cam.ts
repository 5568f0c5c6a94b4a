import { type Classifier, uploadPictures } from "../../model/classifier.ts";
import type { Batch } from "../../data/loader.ts";
import type { AttributionMap } from "./explain.ts";
import type { GradCamKind } from "./kinds.ts";
import { scoreGradient } from "./input_gradient.ts";

/**
 * Grad-CAM and Grad-CAM++ of a batch, on the backbone's last feature map u, from one pass through
 * the backbone; every class takes a pass back through the last layers only.
 *
 * - grad-cam: relu(Σ_k α_k u_k), α_k = mean_z ∂score_y/∂u_kz (Selvaraju et al., 2017)
 * - grad-cam++: α_k = Σ_z w_kz relu(∂score_y/∂u_kz),
 *   w_kz = g² / (2 g² + g³ Σ_z u_kz) = 1 / (2 + g Σ_z u_kz), g = ∂score_y/∂u_kz (Chattopadhay et
 *   al., 2018); features come out of a ReLU, so that the denominator is at least 2 where g counts
 *
 * Of a model of CAM, grad-cam is CAM itself with the negatives dropped, up to a factor and the bias.
 *
 * @param rounds classes y of the pictures; every round has one for each
 * @returns maps by round and picture
 */
export async function gradCam(
  model: Classifier,
  { images, size }: Pick<Batch, "images" | "size">,
  rounds: readonly Uint32Array<ArrayBuffer>[],
): Promise<Record<GradCamKind, AttributionMap>[][]> {
  const { gpu } = model;
  const u = model.inference(() => model.features(uploadPictures(gpu, { images, size })));
  try {
    const [, height, width, channels] = u.shape;
    const features = await u.read();
    const each = height * width * channels;
    const maps = [];
    for (const labels of rounds) {
      const gradient = await scoreGradient(model, { from: "features", input: u }, labels);
      maps.push(Array.from({ length: size }, (_, n) => {
        const own = {
          u: features.subarray(n * each, (n + 1) * each),
          g: gradient.subarray(n * each, (n + 1) * each),
          channels,
        };
        const map = (weights: Float64Array) => ({ width, height, values: weighted(own, weights) });
        return { "grad-cam": map(means(own)), "grad-cam++": map(secondOrder(own)) };
      }));
    }
    return maps;
  } finally {
    u.dispose();
  }
}

/** Features and their gradients of one picture, `cells × channels`. */
interface Features {
  readonly u: Float32Array;
  readonly g: Float32Array;
  readonly channels: number;
}

function means({ g, channels }: Features): Float64Array {
  const weights = new Float64Array(channels);
  g.forEach((value, i) => weights[i % channels] += value * channels / g.length);
  return weights;
}

function secondOrder({ u, g, channels }: Features): Float64Array {
  const sums = new Float64Array(channels);
  u.forEach((value, i) => sums[i % channels] += value);
  const weights = new Float64Array(channels);
  g.forEach((value, i) => {
    if (value > 0) {
      weights[i % channels] += value / (2 + sums[i % channels] * value);
    }
  });
  return weights;
}

function weighted({ u, channels }: Features, weights: Float64Array): Float32Array {
  return Float32Array.from({ length: u.length / channels }, (_, z) => {
    let total = 0;
    for (let k = 0; k < channels; k++) total += weights[k] * u[z * channels + k];
    return Math.max(0, total);
  });
}
