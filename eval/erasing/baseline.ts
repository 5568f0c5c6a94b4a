import { Random } from "../../engine/random.ts";
import { gaussianBlur } from "../gaussian_blur.ts";

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
  if (baseline === "blur") {
    return gaussianBlur(picture, { extent, channels: 4, radius: RADIUS, deviation: DEVIATION });
  }
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
