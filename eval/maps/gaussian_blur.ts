/**
 * Convolves a square picture with a Gaussian, truncated and normalised; edges are reflected without
 * being repeated, as in OpenCV and PyTorch.
 *
 * @param picture `[extent, extent, channels]`
 * @param options `radius` of the kernel and `deviation` in pixels
 */
export function gaussianBlur(
  picture: Float32Array,
  { extent, channels, radius, deviation }: {
    readonly extent: number;
    readonly channels: number;
    readonly radius: number;
    readonly deviation: number;
  },
): Float32Array<ArrayBuffer> {
  const weights = Array.from(
    { length: 2 * radius + 1 },
    (_, i) => Math.exp(-(((i - radius) / deviation) ** 2) / 2),
  );
  const total = weights.reduce((a, b) => a + b, 0);
  const reflect = (i: number): number => {
    const period = 2 * (extent - 1) || 1;
    const inside = ((i % period) + period) % period;
    return inside < extent ? inside : period - inside;
  };
  const sources = Int32Array.from(
    { length: extent * weights.length },
    (_, i) => reflect(Math.floor(i / weights.length) + i % weights.length - radius),
  );
  // A Gaussian is a product: once along rows, once along columns.
  const along = (from: Float32Array, step: number, line: number) => {
    const out = new Float32Array(from.length);
    for (let l = 0; l < extent; l++) {
      for (let i = 0; i < extent; i++) {
        for (let c = 0; c < channels; c++) {
          let sum = 0;
          for (let k = 0; k < weights.length; k++) {
            sum += from[l * line + sources[i * weights.length + k] * step + c] * weights[k];
          }
          out[l * line + i * step + c] = sum / total;
        }
      }
    }
    return out;
  };
  const row = channels * extent;
  return along(along(picture, channels, row), row, channels);
}
