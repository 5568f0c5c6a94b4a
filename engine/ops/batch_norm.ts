import { record } from "../autograd.ts";
import { Kernel, linear, type Parameters } from "../kernel.ts";
import type { Gpu } from "../gpu.ts";
import { bySlices, slicesOf } from "../slices.ts";
import { Tensor } from "../tensor.ts";
import { reluGradient } from "./elementwise.ts";
import { reduceRows } from "./reduce.ts";
import statisticsSource from "../../shaders/batch_norm_statistics.wgsl" with { type: "text" };
import finishSource from "../../shaders/batch_norm_finish.wgsl" with { type: "text" };
import inferenceSource from "../../shaders/batch_norm_inference.wgsl" with { type: "text" };
import applySource from "../../shaders/batch_norm_apply.wgsl" with { type: "text" };
import sumsSource from "../../shaders/batch_norm_gradient_sums.wgsl" with { type: "text" };
import gradientSource from "../../shaders/batch_norm_gradient_apply.wgsl" with { type: "text" };

const statisticsKernel = new Kernel("batch_norm_statistics", statisticsSource);
const finishKernel = new Kernel("batch_norm_finish", finishSource);
const inferenceKernel = new Kernel("batch_norm_inference", inferenceSource);

/** Pixels that one invocation sums up. */
const STRIPE = 256;

/** The state of one batch normalisation: tensors of shape `[channels]`. */
export interface BatchNormState {
  /** γ. */
  readonly weight: Tensor;
  /** β. */
  readonly bias: Tensor;
  /** Changed in place in training. */
  readonly runningMean: Tensor;
  /** Unbiased, as in PyTorch. Changed in place in training. */
  readonly runningVariance: Tensor;
}

/** How a batch normalisation runs. */
export interface BatchNormOptions {
  /** Normalise with the batch's statistics (and update the running ones) or with the running ones. */
  readonly training: boolean;
  /** Share of the batch in the new running statistics (PyTorch's meaning). Default 0.1. */
  readonly momentum?: number;
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Apply ReLU to the result, in the same kernel. */
  readonly relu?: boolean;
  /** Added before the ReLU, in the same kernel; same shape as x. */
  readonly residual?: Tensor;
}

/**
 * Batch normalisation over batch, height and width (Ioffe and Szegedy, 2015), with the ReLU and
 * the residual addition that may follow it:
 *
 *     y = relu((x − mean) / √(variance + eps) · γ + β + residual)
 *
 * @param x `[n, h, w, c]` (or any shape whose last dimension is c)
 * @returns same shape as x
 */
export function batchNorm(x: Tensor, state: BatchNormState, options: BatchNormOptions): Tensor {
  const { training, momentum = 0.1, eps = 1e-5, relu = false, residual } = options;
  const { gpu, rows, channels } = x;
  const { weight, bias, runningMean, runningVariance } = state;
  if (weight.size !== channels) {
    throw new RangeError(`A batch norm of ${weight.size} channels cannot take [${x.shape}]`);
  }
  if (residual && residual.shape.join() !== x.shape.join()) {
    throw new RangeError(`A residual of shape [${residual.shape}] cannot join [${x.shape}]`);
  }
  const pitch = x.pitch / 4;
  const statistics = Tensor.empty(gpu, [2, channels]);
  if (training) {
    const partial = Tensor.empty(gpu, [stripesOf(gpu, [x]), 2, channels]);
    const first = x.slice({ from: 0, count: 1 });
    inStripes(gpu, [x], ([x], parameters) =>
      gpu.run(statisticsKernel, {
        buffers: [x, first, partial].map((t) => t.buffer),
        parameters,
        workgroups: linear(parameters.stripes * pitch),
      }));
    gpu.run(finishKernel, {
      buffers: [first, partial, statistics, runningMean, runningVariance].map((t) => t.buffer),
      parameters: { rows, pitch, stripes: partial.shape[0], momentum, eps },
      workgroups: linear(pitch),
    });
    first.dispose();
    partial.dispose();
  } else {
    gpu.run(inferenceKernel, {
      buffers: [runningMean.buffer, runningVariance.buffer, statistics.buffer],
      parameters: { pitch, eps },
      workgroups: linear(pitch),
    });
  }

  const y = Tensor.empty(gpu, x.shape);
  const applyKernel = kernel("batch_norm_apply", applySource, { RELU: relu, RESIDUAL: !!residual });
  bySlices(gpu, [x, residual ?? x, y], ([x, residual, y]) => {
    gpu.run(applyKernel, {
      buffers: [x, residual, statistics, weight, bias, y].map((t) => t.buffer),
      parameters: { vectors: x.vectors, pitch },
      workgroups: linear(x.vectors),
    });
  });
  const inputs = residual ? [x, weight, bias, residual] : [x, weight, bias];
  record(y, "batchNorm", inputs, (upstream) => {
    // With a residual the gradient behind the ReLU is a result of its own; otherwise the kernels
    // below apply the ReLU as they read.
    const masked = relu && residual ? reluGradient(y, upstream) : upstream.share();
    const fused = relu && !residual;
    const read = [x, fused ? y : masked, masked] as const;
    const sums = Tensor.empty(gpu, [stripesOf(gpu, read), channels]);
    const products = Tensor.empty(gpu, sums.shape);
    const sumsKernel = kernel("batch_norm_gradient_sums", sumsSource, { RELU: fused });
    inStripes(gpu, read, (parts, parameters) =>
      gpu.run(sumsKernel, {
        buffers: [...parts, statistics, sums, products].map((t) => t.buffer),
        parameters,
        workgroups: linear(parameters.stripes * pitch),
      }));
    const biasGradient = reduceRows(sums, { outer: 1, outShape: bias.shape });
    const weightGradient = reduceRows(products, { outer: 1, outShape: weight.shape });
    const xGradient = Tensor.empty(gpu, x.shape);
    const gradientKernel = kernel("batch_norm_gradient_apply", gradientSource, {
      TRAINING: training,
      RELU: fused,
    });
    bySlices(gpu, [...read, xGradient], ([x, y, masked, xGradient]) => {
      gpu.run(gradientKernel, {
        buffers: [x, y, masked, statistics, weight, biasGradient, weightGradient, xGradient]
          .map((t) => t.buffer),
        parameters: { vectors: x.vectors, pitch, rows },
        workgroups: linear(x.vectors),
      });
    });
    for (const tensor of [sums, products, statistics]) tensor.dispose();
    if (residual) return [xGradient, weightGradient, biasGradient, masked];
    masked.dispose();
    return [xGradient, weightGradient, biasGradient];
  });
  if (!y.node) statistics.dispose();
  return y;
}

/** Number of stripes of pixels that `inStripes` makes. */
function stripesOf(gpu: Gpu, tensors: readonly Tensor[]): number {
  const [{ rows, shape }] = tensors;
  return slicesOf(gpu, tensors)
    .reduce((sum, { count }) => sum + Math.ceil(count * (rows / shape[0]) / STRIPE), 0);
}

/**
 * Cuts tensors into stripes of pixels, a sum for each of which goes into a tensor of partial sums.
 * `run` is handed the uniforms of both kernels: rows, vec4s per pixel, stripes, rows in a stripe, and
 * the place of the first stripe.
 */
function inStripes(
  gpu: Gpu,
  tensors: readonly Tensor[],
  run: (parts: readonly Tensor[], parameters: { readonly stripes: number } & Parameters) => void,
): void {
  let first = 0;
  bySlices(gpu, tensors, (parts) => {
    const [{ rows, pitch }] = parts;
    const stripes = Math.ceil(rows / STRIPE);
    const stripe_rows = Math.ceil(rows / stripes);
    run(parts, { rows, pitch: pitch / 4, stripes, stripe_rows, first_stripe: first });
    first += stripes;
  });
}

function kernel(name: string, source: string, flags: Record<string, boolean>): Kernel {
  const constants = Object.entries(flags).map(([flag, on]) => [flag, on ? 1 : 0]);
  return new Kernel(name, source, Object.fromEntries(constants));
}
