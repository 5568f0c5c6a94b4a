import { Random } from "../../engine/random.ts";

/** What erased pixels are replaced by, all in normalised space. */
export const BASELINES = ["blur", "zero", "mean", "noise"] as const;

/** A kind of erasing: the paper's `blur`, or another of the official code's. */
export type Baseline = typeof BASELINES[number];

/** The official code's Gaussian: 31 × 31, standard deviation 15. */
const RADIUS = 15;
const DEVIATION = 15;
/** Standard deviation of the noise around the mean. */
const NOISE = 0.2;

/**
 * The picture that shows where pixels are erased.
 *
 * - blur: a Gaussian of 31 × 31 pixels and deviation 15, edges reflected
 * - zero: 0, ImageNet's mean colour
 * - mean: the picture's own mean of each channel
 * - noise: that mean plus N(0, 0.2) for each value
 *
 * @param picture `[extent, extent, 3]` with the channels padded to 4
 * @param random draws the noise
 */
export function baselineOf(
  picture: Float32Array,
  extent: number,
  baseline: Baseline,
  random: Random,
): Float32Array<ArrayBuffer> {
  if (baseline === "zero") return new Float32Array(picture.length);
  if (baseline === "blur") return blur(picture, extent);
  const pixels = extent * extent;
  const mean = [0, 0, 0];
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < 3; c++) mean[c] += picture[4 * i + c] / pixels;
  }
  return Float32Array.from(
    picture,
    (_, i) =>
      i % 4 === 3 ? 0 : baseline === "mean" ? mean[i % 4] : random.normal(mean[i % 4], NOISE),
  );
}

function blur(picture: Float32Array, extent: number): Float32Array<ArrayBuffer> {
  const weights = Array.from(
    { length: 2 * RADIUS + 1 },
    (_, i) => Math.exp(-(((i - RADIUS) / DEVIATION) ** 2) / 2),
  );
  const total = weights.reduce((a, b) => a + b, 0);
  const reflect = (i: number): number => {
    const period = 2 * (extent - 1) || 1;
    const inside = ((i % period) + period) % period;
    return inside < extent ? inside : period - inside;
  };
  const sources = Int32Array.from(
    { length: extent * weights.length },
    (_, i) => reflect(Math.floor(i / weights.length) + i % weights.length - RADIUS),
  );
  // A Gaussian is a product: once along rows, once along columns.
  const along = (from: Float32Array, step: number, line: number) => {
    const out = new Float32Array(from.length);
    for (let l = 0; l < extent; l++) {
      for (let i = 0; i < extent; i++) {
        let [red, green, blue] = [0, 0, 0];
        for (let k = 0; k < weights.length; k++) {
          const at = l * line + sources[i * weights.length + k] * step;
          red += from[at] * weights[k];
          green += from[at + 1] * weights[k];
          blue += from[at + 2] * weights[k];
        }
        const to = l * line + i * step;
        out[to] = red / total;
        out[to + 1] = green / total;
        out[to + 2] = blue / total;
      }
    }
    return out;
  };
  return along(along(picture, 4, 4 * extent), 4 * extent, 4);
}
