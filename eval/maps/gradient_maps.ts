import { Random } from "../../engine/random.ts";
import type { Classifier } from "../../model/classifier.ts";
import { inputGradient } from "./input_gradient.ts";
import type { GradientKind } from "./kinds.ts";

/** Pictures to differentiate by. */
export interface GradientInputs {
  /** `[extent, extent, 3]` each, normalised, channels padded to 4. */
  readonly images: Float32Array<ArrayBuffer>;
  /** The class of each. */
  readonly labels: Uint32Array<ArrayBuffer>;
  /** Positions in the split: noise is a function of seed, position, class and draw. */
  readonly indices: ArrayLike<number>;
  readonly seed: number;
  /** Told before each pass which share of them is done; what it throws ends the work. */
  readonly onShare?: (share: number) => void;
}

/** Steps on the way from black to the picture, and draws of noise: the official defaults. */
const STEPS = 50;
const DRAWS = 50;
/** Standard deviation of the noise as a share of a picture's range. */
const NOISE_SHARE = 1 / 4;

/**
 * Attribution at the input's resolution, from s(x) = max_c |∂ score_y / ∂x_c|:
 *
 * - gradient: s(x) (Simonyan et al., 2014)
 * - integrated-gradient: Σ s(x · i/50) / 50 for i = 0 … 50: the official code's 51 terms, not
 *   multiplied with the input (after Sundararajan et al., 2017)
 * - smooth-grad: E[s(x + ε)] over 50 draws, ε ~ N(0, σ²), σ = (max x − min x) / 4 (Smilkov et al.,
 *   2017)
 * - smooth-grad-squared: E[s²]
 * - var-grad: E[s²] − E[s]² (Adebayo et al., 2018)
 *
 * @returns the maps, one after the other, of the kind and of those that come with it at no cost
 */
export async function gradientMaps(
  model: Classifier,
  kind: GradientKind,
  pictures: GradientInputs,
): Promise<Partial<Record<GradientKind, Float32Array>>> {
  const { images, labels, onShare } = pictures;
  if (kind === "gradient") return { gradient: await inputGradient(model, images, labels) };
  if (kind === "integrated-gradient") {
    const total = new Float32Array(images.length / 4);
    for (let i = 0; i <= STEPS; i++) {
      const share = i / STEPS;
      onShare?.(i / (STEPS + 1));
      const map = await inputGradient(model, images.map((value) => value * share), labels);
      map.forEach((value, p) => total[p] += value / STEPS);
    }
    return { "integrated-gradient": total };
  }
  const mean = new Float64Array(images.length / 4);
  const squares = new Float64Array(images.length / 4);
  for (let draw = 0; draw < DRAWS; draw++) {
    onShare?.(draw / DRAWS);
    const map = await inputGradient(model, addNoise(pictures, draw), labels);
    map.forEach((value, p) => {
      mean[p] += value / DRAWS;
      squares[p] += value * value / DRAWS;
    });
  }
  return {
    "smooth-grad": Float32Array.from(mean),
    "smooth-grad-squared": Float32Array.from(squares),
    "var-grad": Float32Array.from(squares, (square, p) => Math.max(0, square - mean[p] ** 2)),
  };
}

/** Two classes of a picture have noise of their own, as in the official code. */
function addNoise(
  { images, labels, indices, seed }: GradientInputs,
  draw: number,
): Float32Array<ArrayBuffer> {
  const out = images.slice();
  const stride = images.length / indices.length;
  for (let n = 0; n < indices.length; n++) {
    const random = Random.of(seed, 0x5009, indices[n], draw, labels[n]);
    let [low, high] = [Infinity, -Infinity];
    for (let i = n * stride; i < (n + 1) * stride; i++) {
      if (i % 4 === 3) continue;
      low = Math.min(low, images[i]);
      high = Math.max(high, images[i]);
    }
    const deviation = (high - low) * NOISE_SHARE;
    for (let i = n * stride; i < (n + 1) * stride; i++) {
      if (i % 4 !== 3) out[i] += random.normal(0, deviation);
    }
  }
  return out;
}
