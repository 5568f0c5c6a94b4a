import { Random } from "../../../engine/random.ts";
import { gaussianBlur } from "../../maps/gaussian_blur.ts";

/** What erased pixels are replaced by, all in normalised space. */
export const BASELINES = ["blur", "zero", "mean", "noise", "rise-blur"] as const;

/** A kind of erasing: the paper's `blur`, another of the official code's, or RISE's blur. */
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
 * - rise-blur: RISE's 11 × 11 Gaussian of deviation 5, beyond the edges 0
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
  if (baseline === "rise-blur") return riseBlur(picture, extent);
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

/** Side and standard deviation of RISE's kernel. */
const RISE = { side: 11, deviation: 5 };

/**
 * RISE's weights along one axis: a single 1 in the middle of 11 values, smoothed as scipy's
 * `gaussian_filter` does, which mirrors at the edges what would fall out.
 */
export function riseWeights(): Float64Array {
  const { side, deviation } = RISE;
  const radius = 4 * deviation;
  const at = (t: number) => Math.exp(-(t ** 2) / (2 * deviation ** 2));
  const total = Array.from({ length: 2 * radius + 1 }, (_, i) => at(i - radius))
    .reduce((a, b) => a + b);
  const weights = new Float64Array(side);
  for (let i = 0; i < side; i++) {
    for (let t = -radius; t <= radius; t++) {
      // d c b a | a b c d | d c b a
      const place = ((i + t) % (2 * side) + 2 * side) % (2 * side);
      if (Math.min(place, 2 * side - 1 - place) === (side - 1) / 2) weights[i] += at(t) / total;
    }
  }
  return weights;
}

/** Along x, then along y; what lies outside of the picture is 0. */
function riseBlur(picture: Float32Array, extent: number): Float32Array<ArrayBuffer> {
  const weights = riseWeights();
  const radius = (RISE.side - 1) / 2;
  const along = (source: Float64Array, step: number, position: (pixel: number) => number) =>
    source.map((_, i) => {
      const place = position(i >> 2);
      let sum = 0;
      for (let t = -radius; t <= radius; t++) {
        if (place + t >= 0 && place + t < extent) sum += weights[t + radius] * source[i + t * step];
      }
      return sum;
    });
  const wide = along(Float64Array.from(picture), 4, (pixel) => pixel % extent);
  const blurred = along(wide, 4 * extent, (pixel) => Math.floor(pixel / extent));
  return Float32Array.from(blurred);
}
