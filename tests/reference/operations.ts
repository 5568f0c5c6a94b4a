import { array, type Array64, at, build } from "./array.ts";

/** Convolution straight from its definition; NHWC, weights [kh, kw, c, o]. */
export function conv2d(
  x: Array64,
  weights: Array64,
  bias: Array64 | null,
  { stride = 1, padding = [0, 0] as readonly [number, number] },
): Array64 {
  const [n, h, w, c] = x.shape;
  const [kernelHeight, kernelWidth, , outputs] = weights.shape;
  const height = Math.floor((h + 2 * padding[0] - kernelHeight) / stride) + 1;
  const width = Math.floor((w + 2 * padding[1] - kernelWidth) / stride) + 1;
  return build([n, height, width, outputs], (b, i, j, o) => {
    let sum = bias ? bias.data[o] : 0;
    for (let u = 0; u < kernelHeight; u++) {
      for (let v = 0; v < kernelWidth; v++) {
        for (let k = 0; k < c; k++) {
          sum += at(x, b, i * stride + u - padding[0], j * stride + v - padding[1], k) *
            at(weights, u, v, k, o);
        }
      }
    }
    return sum;
  });
}

/** Mean and biased variance of each channel. */
export function moments(x: Array64): { mean: number[]; variance: number[] } {
  const channels = x.shape.at(-1)!;
  const rows = x.data.length / channels;
  const mean = new Array(channels).fill(0);
  const variance = new Array(channels).fill(0);
  x.data.forEach((v, i) => mean[i % channels] += v / rows);
  x.data.forEach((v, i) => variance[i % channels] += (v - mean[i % channels]) ** 2 / rows);
  return { mean, variance };
}

/** Batch normalisation with given statistics, an optional residual and ReLU. */
export function batchNorm(
  x: Array64,
  weight: Array64,
  bias: Array64,
  { mean, variance, residual, relu = false, eps = 1e-5 }: {
    mean: ArrayLike<number>;
    variance: ArrayLike<number>;
    residual?: Array64;
    relu?: boolean;
    eps?: number;
  },
): Array64 {
  const channels = x.shape.at(-1)!;
  return array(
    x.shape,
    x.data.map((v, i) => {
      const c = i % channels;
      const y = (v - mean[c]) / Math.sqrt(variance[c] + eps) * weight.data[c] + bias.data[c] +
        (residual?.data[i] ?? 0);
      return relu ? Math.max(y, 0) : y;
    }),
  );
}

/** Pooling by visiting every window; `-Infinity` where a window is empty. */
export function pool(
  x: Array64,
  { kernel, stride, padding = 0, height, width, kind, countPadding = true }: {
    kernel: number;
    stride: number;
    padding?: number;
    height: number;
    width: number;
    kind: "max" | "average";
    countPadding?: boolean;
  },
): Array64 {
  const [n, h, w, c] = x.shape;
  return build([n, height, width, c], (b, i, j, k) => {
    let largest = -Infinity, sum = 0, count = 0;
    for (let u = i * stride - padding; u < i * stride - padding + kernel; u++) {
      for (let v = j * stride - padding; v < j * stride - padding + kernel; v++) {
        const inside = u >= 0 && u < h && v >= 0 && v < w;
        const inPadded = u < h + padding && v < w + padding;
        if (inside) {
          largest = Math.max(largest, at(x, b, u, v, k));
          sum += at(x, b, u, v, k);
        }
        if (inside || (countPadding && inPadded)) count++;
      }
    }
    return kind === "max" ? largest : sum / count;
  });
}

/** log Σ exp of some numbers. */
export function logSumExp(values: ArrayLike<number>): number {
  const list = Array.from(values);
  const top = Math.max(...list);
  return top + Math.log(list.reduce((sum, v) => sum + Math.exp(v - top), 0));
}

/** Log-softmax over the last dimension. */
export function logSoftmax(x: Array64): Array64 {
  const channels = x.shape.at(-1)!;
  const out = x.data.slice();
  for (let row = 0; row < out.length; row += channels) {
    const total = logSumExp(x.data.subarray(row, row + channels));
    for (let c = 0; c < channels; c++) out[row + c] -= total;
  }
  return array(x.shape, out);
}

/** Bilinear interpolation with half-pixel centres. */
export function resizeBilinear(x: Array64, height: number, width: number): Array64 {
  const [n, h, w, c] = x.shape;
  const taps = (i: number, extent: number, outExtent: number) => {
    const position = Math.max((i + 0.5) * extent / outExtent - 0.5, 0);
    const first = Math.min(Math.floor(position), extent - 1);
    return { first, second: Math.min(first + 1, extent - 1), weight: position - first };
  };
  return build([n, height, width, c], (b, i, j, k) => {
    const y = taps(i, h, height), z = taps(j, w, width);
    const top = at(x, b, y.first, z.first, k) * (1 - z.weight) +
      at(x, b, y.first, z.second, k) * z.weight;
    const bottom = at(x, b, y.second, z.first, k) * (1 - z.weight) +
      at(x, b, y.second, z.second, k) * z.weight;
    return top * (1 - y.weight) + bottom * y.weight;
  });
}
