import type { ConvolutionProblem } from "../engine/ops/convolution/problem.ts";

/**
 * The three products of a convolution in float64, straight from their definition. Arrays are dense
 * and row-major: x `[n, h, w, c]`, y `[n, height, width, o]`, weights `[kh, kw, c, o]`.
 */

type Product = "forward" | "input gradient" | "weight gradient";

/** y = x ∗ weights + bias. */
export function forwardReference(
  problem: ConvolutionProblem,
  [x, weights, bias]: readonly Float64Array[],
): Float64Array {
  const { n, height, width, outputs } = problem;
  const y = new Float64Array(n * height * width * outputs);
  for (let i = 0; i < y.length; i++) y[i] = bias[i % outputs];
  return walk("forward", problem, x, weights, y);
}

/** ∂L/∂x from ∂L/∂y and the weights. */
export function inputGradientReference(
  problem: ConvolutionProblem,
  [gradient, weights]: readonly Float64Array[],
): Float64Array {
  const { n, h, w, c } = problem;
  return walk("input gradient", problem, gradient, weights, new Float64Array(n * h * w * c));
}

/** ∂L/∂weights from x and ∂L/∂y. */
export function weightGradientReference(
  problem: ConvolutionProblem,
  [x, gradient]: readonly Float64Array[],
): Float64Array {
  const { kernelHeight, kernelWidth, c, outputs } = problem;
  const out = new Float64Array(kernelHeight * kernelWidth * c * outputs);
  return walk("weight gradient", problem, x, gradient, out);
}

/** Visits every (pixel, tap, c, o) that meet inside the picture and adds one product to `out`. */
function walk(
  product: Product,
  problem: ConvolutionProblem,
  a: Float64Array,
  b: Float64Array,
  out: Float64Array,
): Float64Array {
  const { n, h, w, c, kernelHeight, kernelWidth, outputs } = problem;
  const { stride, padTop, padLeft, height, width } = problem;
  for (let pixel = 0; pixel < n * height * width; pixel++) {
    const column = pixel % width * stride - padLeft;
    const row = Math.floor(pixel / width) % height * stride - padTop;
    const image = Math.floor(pixel / (width * height));
    for (let u = 0; u < kernelHeight; u++) {
      for (let v = 0; v < kernelWidth; v++) {
        if (row + u < 0 || row + u >= h || column + v < 0 || column + v >= w) continue;
        const atX = ((image * h + row + u) * w + column + v) * c;
        const atY = pixel * outputs;
        for (let k = 0; k < c; k++) {
          const atW = ((u * kernelWidth + v) * c + k) * outputs;
          for (let o = 0; o < outputs; o++) {
            if (product === "forward") out[atY + o] += a[atX + k] * b[atW + o];
            else if (product === "input gradient") out[atX + k] += a[atY + o] * b[atW + o];
            else out[atW + o] += a[atX + k] * b[atY + o];
          }
        }
      }
    }
  }
  return out;
}
