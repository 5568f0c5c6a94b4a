import type { Gpu } from "../../gpu.ts";
import { Kernel } from "../../kernel.ts";
import { Tensor } from "../../tensor.ts";
import type { Family, Variant } from "../../tuning.ts";
import { reduceRows } from "../reduce.ts";
import { type ConvolutionProblem, describe, flops, shapeClass, shapesOf } from "./problem.ts";
import registersSource from "../../../shaders/conv2d_weight_gradient.wgsl" with { type: "text" };
import tiledSource from "../../../shaders/conv2d_weight_gradient_tiled.wgsl" with {
  type: "text",
};

/** Lanes run along the stripes of a tile, or along tiles where there are enough of them. */
const alongStripes = new Kernel("conv2d_weight_gradient", registersSource, {
  STRIPE_LANES: 8,
  TILE_LANES: 8,
});
const alongTiles = new Kernel("conv2d_weight_gradient", registersSource, {
  STRIPE_LANES: 1,
  TILE_LANES: 64,
});
const tiledKernel = new Kernel("conv2d_weight_gradient_tiled", tiledSource);

/** Invocations a weight gradient is split into at least, so that every core has work. */
const INVOCATIONS = 8192;

/** Workgroups a tiled weight gradient is split into at least. */
const WORKGROUPS = 512;

/** Tiles of a kernel that cover the channels of one tap. */
function channelTiles(kernel: Kernel, x: Tensor, out: Tensor): number {
  const inputs = Math.ceil(x.pitch / kernel.tile("TILE_INPUTS"));
  return inputs * Math.ceil(out.pitch / kernel.tile("TILE_OUTPUTS"));
}

/** The uniforms that both kernels have. */
function extents(problem: ConvolutionProblem, x: Tensor, out: Tensor) {
  const { n, h, w, c, height, width, kernelWidth, stride, padTop, padLeft } = problem;
  return {
    ...{ batch: n, in_height: h, in_width: w, in_channels: c, in_pitch: x.pitch / 4 },
    ...{ height, width, pitch: out.pitch / 4 },
    ...{ kernel_width: kernelWidth, stride, pad_top: padTop, pad_left: padLeft },
  };
}

/**
 * Calls `run` with a tensor for the partial sums of `stripes` stripes, and adds them up to `out`.
 * A single stripe is the result already.
 */
function inStripes(gpu: Gpu, out: Tensor, stripes: number, run: (partial: Tensor) => void): void {
  if (stripes === 1) return run(out);
  const partial = Tensor.empty(gpu, [stripes, out.rows * out.pitch]);
  run(partial);
  reduceRows(partial, { outer: 1, outShape: out.shape, into: out });
  partial.dispose();
}

/** For software adapters: an outer product of 8 × 8 channels in registers for each pixel. */
const registers: Variant<ConvolutionProblem> = {
  name: "registers",
  kernels: [alongStripes, alongTiles],
  run(gpu, problem, [x, gradient, out]) {
    const { n, height, kernelHeight, kernelWidth } = problem;
    const taps = kernelHeight * kernelWidth;
    const tiles = taps * channelTiles(gpu.effective(alongTiles), x!, out!);
    const rows = n * height;
    const enough = tiles >= INVOCATIONS / 8;
    const wanted = enough ? Math.ceil(INVOCATIONS / tiles) : 8 * Math.ceil(INVOCATIONS / tiles / 8);
    const stripeRows = Math.ceil(rows / Math.min(rows, wanted));
    const stripes = Math.ceil(rows / stripeRows);
    const kernel = enough ? alongTiles : alongStripes;
    const { STRIPE_LANES, TILE_LANES } = kernel.constants;
    const groups = Math.ceil(tiles / TILE_LANES);
    const y = Math.min(groups, 65535);
    inStripes(gpu, out!, stripes, (partial) =>
      gpu.run(kernel, {
        buffers: [x!.buffer, gradient!.buffer, partial.buffer],
        parameters: {
          ...extents(problem, x!, out!),
          kernel_height: kernelHeight,
          stripes,
          stripe_rows: stripeRows,
        },
        workgroups: [Math.ceil(stripes / STRIPE_LANES), y, Math.ceil(groups / y)],
      }));
  },
};

/** For GPUs: 32 × 32 channels a workgroup, 16 pixels at a time in workgroup memory. */
const tiles: Variant<ConvolutionProblem> = {
  name: "tiles",
  kernels: [tiledKernel],
  run(gpu, problem, [x, gradient, out]) {
    const { n, height, width, kernelHeight, kernelWidth } = problem;
    const taps = kernelHeight * kernelWidth;
    const channels = channelTiles(gpu.effective(tiledKernel), x!, out!);
    const pixels = n * height * width;
    // No stripe of less than 64 pixels: each costs another copy of the weights.
    const wanted = Math.min(Math.ceil(pixels / 64), Math.ceil(WORKGROUPS / (taps * channels)));
    const stripePixels = 16 * Math.ceil(pixels / wanted / 16);
    const stripes = Math.ceil(pixels / stripePixels);
    inStripes(gpu, out!, stripes, (partial) =>
      gpu.run(tiledKernel, {
        buffers: [x!.buffer, gradient!.buffer, partial.buffer],
        parameters: {
          ...extents(problem, x!, out!),
          taps,
          stripe_pixels: stripePixels,
        },
        workgroups: [channels, taps, stripes],
      }));
  },
};

/** ∂L/∂weights from x and ∂L/∂y. Operands: x, ∂L/∂y, ∂L/∂weights. */
export const weightGradient: Family<ConvolutionProblem> = {
  name: "conv2d_weight_gradient",
  variants: [registers, tiles],
  preferred: (gpu) => gpu.adapter.fallback ? "registers" : "tiles",
  describe,
  shapeClass,
  flops,
  shapes(problem) {
    const { x, weights, y } = shapesOf(problem);
    return [x, y, weights];
  },
};
