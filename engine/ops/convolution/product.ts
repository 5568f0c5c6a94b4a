import type { Gpu } from "../../gpu.ts";
import { Kernel, linear } from "../../kernel.ts";
import { bySlices } from "../../slices.ts";
import { Tensor } from "../../tensor.ts";
import type { Family, Variant } from "../../tuning.ts";
import { type ConvolutionProblem, describe, flops, shapeClass, shapesOf } from "./problem.ts";
import panelSource from "../../../shaders/conv2d_panel.wgsl" with { type: "text" };
import productSource from "../../../shaders/conv2d_product.wgsl" with { type: "text" };
import tiledSource from "../../../shaders/conv2d_tiled.wgsl" with { type: "text" };
import transposeSource from "../../../shaders/conv2d_transpose_weights.wgsl" with {
  type: "text",
};

const panelKernel = new Kernel("conv2d_panel", panelSource);
const productKernel = new Kernel("conv2d_product", productSource);
const tiledKernel = new Kernel("conv2d_tiled", tiledSource);
const transposeKernel = new Kernel("conv2d_transpose_weights", transposeSource);

/** Which source pixel a result pixel and a tap meet at; see shaders/conv2d_tiled.wgsl. */
interface Meeting {
  readonly step: number;
  readonly sign: 1 | -1;
  readonly divisor: number;
  readonly offsetY: number;
  readonly offsetX: number;
}

/** The core that forward pass and input gradient share: a picture times weights. */
interface Product {
  readonly source: Tensor;
  readonly weights: Tensor;
  readonly bias: Tensor | null;
  readonly out: Tensor;
  readonly meeting: Meeting;
}

/** The uniforms that both kernels have of the taps. */
function meetingOf({ weights, bias, meeting }: Product) {
  const [kernel_height, kernel_width] = weights.shape;
  const { step, sign, offsetX, divisor } = meeting;
  const biased = bias ? 1 : 0;
  return { kernel_height, kernel_width, step, sign, offset_x: offsetX, divisor, biased };
}

type Multiply = (gpu: Gpu, product: Product) => void;

/**
 * For software adapters: panels, then an 8 × 8 register tile that only reads from memory. Panels
 * are several times as large as a source, so batches are also cut for their sake.
 */
const throughPanels: Multiply = (gpu, product) => {
  const { source, weights, out, meeting } = product;
  const [, height, width, channels] = source.shape;
  const phaseWidth = Math.ceil(out.shape[2] / meeting.divisor);
  // Room for a row of padding, whatever the panel's own layout makes of the width.
  const panelRow = 4 * (Math.ceil(phaseWidth / 4) * 4);
  const pointwise = 4 * (Math.ceil(height * width / 4) * 4);
  const scratch = channels *
    (weights.shape[0] * weights.shape[1] === 1
      ? Math.max(pointwise, height * panelRow)
      : weights.shape[1] * height * panelRow);
  bySlices(
    gpu,
    [source, out],
    ([source, out]) => multiplyPanels(gpu, { ...product, source, out }),
    scratch,
  );
};

const multiplyPanels: Multiply = (gpu, product) => {
  const { source, weights, bias, out, meeting: { step, sign, divisor, offsetY, offsetX } } =
    product;
  const kernel = gpu.effective(productKernel);
  const tilePixels = kernel.tile("TILE_PIXELS");
  const [kernelHeight, kernelWidth] = weights.shape;
  let [n, sourceHeight, sourceWidth, channels] = source.shape;
  let [, height, width] = out.shape;
  // A pointwise convolution knows no rows: one long row per picture wastes less of a tile.
  const pointwise = kernelHeight * kernelWidth * step * divisor === 1 && offsetY === 0;
  if (pointwise && width % tilePixels !== 0) {
    [sourceHeight, sourceWidth] = [1, sourceHeight * sourceWidth];
    [height, width] = [1, height * width];
  }
  const phaseWidth = Math.ceil(width / divisor);
  const pitch = Math.ceil(phaseWidth / 4);
  const panel = Tensor.empty(gpu, [kernelWidth * n * sourceHeight * channels, pitch * 4]);
  gpu.run(panelKernel, {
    buffers: [source.buffer, panel.buffer],
    parameters: {
      source_rows: n * sourceHeight,
      source_width: sourceWidth,
      channels,
      pitch: source.pitch / 4,
      taps: kernelWidth,
      panel_pitch: pitch,
      ...{ step, sign, divisor },
      offset: offsetX,
    },
    workgroups: linear(kernelWidth * n * sourceHeight * (source.pitch / 4) * pitch),
  });
  const [x, y] = linear(divisor * n * height * Math.ceil(phaseWidth / tilePixels));
  gpu.run(productKernel, {
    // Without a bias any buffer will do: `biased` is 0 and the shader does not read it.
    buffers: [panel.buffer, weights.buffer, (bias ?? weights).buffer, out.buffer],
    parameters: {
      batch: n,
      source_height: sourceHeight,
      channels,
      panel_pitch: pitch,
      ...{ height, width },
      out_pitch: out.pitch / 4,
      ...meetingOf(product),
      offset: offsetY,
    },
    workgroups: [x, y, Math.ceil(out.pitch / kernel.tile("TILE_OUTPUTS"))],
  });
  panel.dispose();
};

/** For GPUs: tiles of both operands in workgroup memory. */
const throughTiles: Multiply = (gpu, product) =>
  bySlices(gpu, [product.source, product.out], ([source, out]) => {
    multiplyTiles(gpu, { ...product, source, out });
  });

const multiplyTiles: Multiply = (gpu, product) => {
  const { source, weights, bias, out } = product;
  const [n, sourceHeight, sourceWidth, channels] = source.shape;
  const [, height, width] = out.shape;
  const kernel = gpu.effective(tiledKernel);
  const [x, y] = linear(n * height * width, kernel.tile("TILE_PIXELS"));
  gpu.run(tiledKernel, {
    buffers: [source.buffer, weights.buffer, (bias ?? weights).buffer, out.buffer],
    parameters: {
      batch: n,
      source_height: sourceHeight,
      source_width: sourceWidth,
      channels,
      pitch: source.pitch / 4,
      ...{ height, width },
      out_pitch: out.pitch / 4,
      ...meetingOf(product),
      offset_y: product.meeting.offsetY,
    },
    workgroups: [x, y, Math.ceil(out.pitch / kernel.tile("TILE_OUTPUTS"))],
  });
};

/** Operands: x, weights, bias or null, y. */
function forwardVariant(
  name: string,
  multiply: Multiply,
  kernels: readonly Kernel[],
): Variant<ConvolutionProblem> {
  return {
    name,
    kernels,
    run(gpu, { stride, padTop, padLeft }, [source, weights, bias, out]) {
      const offsets = { offsetY: -padTop, offsetX: -padLeft };
      const meeting = { step: stride, sign: 1, divisor: 1, ...offsets } as const;
      multiply(gpu, { source: source!, weights: weights!, bias, out: out!, meeting });
    },
  };
}

/**
 * Operands: ∂L/∂y, weights, ∂L/∂x. A convolution of ∂L/∂y with the weights' channels swapped and,
 * where the stride is not 1, zeros between its pixels, which the kernels skip.
 */
function inputGradientVariant(
  name: string,
  multiply: Multiply,
  kernels: readonly Kernel[],
): Variant<ConvolutionProblem> {
  return {
    name,
    kernels: [...kernels, transposeKernel],
    run(gpu, problem, [gradient, weights, out]) {
      const { kernelHeight, kernelWidth, c, outputs, stride, padTop, padLeft } = problem;
      const taps = kernelHeight * kernelWidth;
      const transposed = Tensor.empty(gpu, [kernelHeight, kernelWidth, outputs, c]);
      gpu.run(transposeKernel, {
        buffers: [weights!.buffer, transposed.buffer],
        parameters: {
          ...{ taps, inputs: c, outputs },
          pitch: weights!.pitch / 4,
          out_pitch: transposed.pitch / 4,
        },
        workgroups: linear(taps * weights!.pitch * transposed.pitch / 16),
      });
      multiply(gpu, {
        source: gradient!,
        weights: transposed,
        bias: null,
        out: out!,
        meeting: {
          step: 1,
          sign: -1,
          divisor: stride,
          offsetY: padTop,
          offsetX: padLeft,
        },
      });
      transposed.dispose();
    },
  };
}

const throughPanelsKernels = [productKernel, panelKernel];

/** Software adapters read memory at the price of arithmetic; GPUs have workgroup memory. */
const preferred = (gpu: Gpu) => gpu.adapter.fallback ? "panels" : "tiles";

/** y = x ∗ weights + bias. */
export const forwardProduct: Family<ConvolutionProblem> = {
  name: "conv2d_forward",
  variants: [
    forwardVariant("panels", throughPanels, throughPanelsKernels),
    forwardVariant("tiles", throughTiles, [tiledKernel]),
  ],
  preferred,
  describe,
  shapeClass,
  flops,
  shapes(problem) {
    const { x, weights, bias, y } = shapesOf(problem);
    return [x, weights, bias, y];
  },
};

/** ∂L/∂x from ∂L/∂y. */
export const inputGradient: Family<ConvolutionProblem> = {
  name: "conv2d_input_gradient",
  variants: [
    inputGradientVariant("panels", throughPanels, throughPanelsKernels),
    inputGradientVariant("tiles", throughTiles, [tiledKernel]),
  ],
  preferred,
  describe,
  shapeClass,
  flops,
  shapes(problem) {
    const { x, weights, y } = shapesOf(problem);
    return [y, weights, x];
  },
};
