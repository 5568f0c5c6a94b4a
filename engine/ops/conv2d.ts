import { record } from "../autograd.ts";
import { sumBySlices } from "../slices.ts";
import { Tensor } from "../tensor.ts";
import { perform } from "../tuning.ts";
import { type ConvolutionProblem, convolutionProblem } from "./convolution/problem.ts";
import { forwardProduct, inputGradient } from "./convolution/product.ts";
import { weightGradient } from "./convolution/weight_gradient.ts";
import { reduceRows } from "./reduce.ts";

/** Stride and zero padding of a convolution. */
export interface Conv2dOptions {
  /** Default 1. */
  readonly stride?: number;
  /** Zeros around the picture: one number, or `[vertical, horizontal]`. Default 0. */
  readonly padding?: number | readonly [number, number];
}

/**
 * 2-D convolution (cross-correlation, as everywhere in deep learning):
 *
 *     y[n, i, j, o] = bias[o] + Σ_{u,v,c} x[n, i·stride + u − pad, j·stride + v − pad, c] · weights[u, v, c, o]
 *
 * Each of its three products, forward pass, input gradient and weight gradient, has several
 * variants in `convolution/`, from which `engine/tuning.ts` chooses.
 *
 * @param x `[n, h, w, c]`
 * @param weights `[kernel height, kernel width, c, o]`
 * @param bias `[o]`, or `null`
 * @returns `[n, ⌊(h + 2·pad − kernel height) / stride⌋ + 1, …, o]`
 * @throws {RangeError} when shapes do not fit each other
 */
export function conv2d(
  x: Tensor,
  weights: Tensor,
  bias: Tensor | null = null,
  options: Conv2dOptions = {},
): Tensor {
  const { gpu } = x;
  const problem = measure(x, weights, options);
  const { n, height, width, outputs } = problem;
  if (bias && bias.size !== outputs) {
    throw new RangeError(`A convolution to ${outputs} channels cannot add ${bias.size} biases`);
  }
  const y = Tensor.empty(gpu, [n, height, width, outputs]);
  perform(gpu, forwardProduct, problem, [x, weights, bias, y]);
  return record(y, "conv2d", bias ? [x, weights, bias] : [x, weights], (gradient) => {
    let xGradient: Tensor | null = null;
    let weightsGradient: Tensor | null = null;
    if (x.tracked) {
      xGradient = Tensor.empty(gpu, x.shape);
      perform(gpu, inputGradient, problem, [gradient, weights, xGradient]);
    }
    if (weights.tracked) {
      weightsGradient = Tensor.empty(gpu, weights.shape);
      sumBySlices(gpu, [x, gradient], weightsGradient, ([x, gradient], out, { count }) => {
        perform(gpu, weightGradient, { ...problem, n: count }, [x, gradient, out]);
      });
    }
    const biasGradient = bias?.tracked
      ? reduceRows(gradient, { outer: 1, outShape: bias.shape })
      : null;
    return [xGradient, weightsGradient, biasGradient];
  });
}

function measure(
  x: Tensor,
  weights: Tensor,
  { stride = 1, padding = 0 }: Conv2dOptions,
): ConvolutionProblem {
  const [n, h, w, c] = x.shape;
  const [kernelHeight, kernelWidth, inputs, outputs] = weights.shape;
  const [padTop, padLeft] = typeof padding === "number" ? [padding, padding] : padding;
  if (x.shape.length !== 4 || weights.shape.length !== 4 || inputs !== c) {
    throw new RangeError(
      `A convolution takes [n, h, w, c] and [kh, kw, c, o], not [${x.shape}] and [${weights.shape}]`,
    );
  }
  return convolutionProblem({
    n,
    h,
    w,
    c,
    kernelHeight,
    kernelWidth,
    outputs,
    stride,
    padTop,
    padLeft,
  });
}
