import { record } from "../autograd.ts";
import { Kernel, linear } from "../kernel.ts";
import { Tensor } from "../tensor.ts";
import { reduceRows } from "./reduce.ts";
import panelSource from "../../shaders/conv2d_panel.wgsl" with { type: "text" };
import productSource from "../../shaders/conv2d_product.wgsl" with { type: "text" };
import transposeSource from "../../shaders/conv2d_transpose_weights.wgsl" with { type: "text" };
import weightGradientSource from "../../shaders/conv2d_weight_gradient.wgsl" with { type: "text" };

const panelKernel = new Kernel("conv2d_panel", panelSource);
const productKernel = new Kernel("conv2d_product", productSource);
const transposeKernel = new Kernel("conv2d_transpose_weights", transposeSource);
const weightGradientKernel = new Kernel("conv2d_weight_gradient", weightGradientSource);

/** Invocations the weight gradient is split into at least, so that every core has work. */
const WEIGHT_GRADIENT_INVOCATIONS = 8192;

/** Stride and zero padding of a convolution. */
export interface Conv2dOptions {
  /** Default 1. */
  readonly stride?: number;
  /** Zeros around the picture: one number, or `[vertical, horizontal]`. Default 0. */
  readonly padding?: number | readonly [number, number];
}

/** Extents of one convolution; x is `[n, h, w, c]`, y is `[n, height, width, outputs]`. */
interface Geometry {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly outputs: number;
  readonly stride: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly height: number;
  readonly width: number;
}

/**
 * 2-D convolution (cross-correlation, as everywhere in deep learning):
 *
 *     y[n, i, j, o] = bias[o] + Σ_{u,v,c} x[n, i·stride + u − pad, j·stride + v − pad, c] · weights[u, v, c, o]
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
  const geometry = measure(x, weights, options);
  const { n, height, width, outputs, stride, padTop, padLeft } = geometry;
  if (bias && bias.size !== outputs) {
    throw new RangeError(`A convolution to ${outputs} channels cannot add ${bias.size} biases`);
  }
  const y = Tensor.empty(x.gpu, [n, height, width, outputs]);
  multiply(x, weights, y, bias, geometry, {
    step: stride,
    sign: 1,
    divisor: 1,
    offsetY: -padTop,
    offsetX: -padLeft,
  });
  return record(y, "conv2d", bias ? [x, weights, bias] : [x, weights], (gradient) => [
    x.tracked ? inputGradient(gradient, x, weights, geometry) : null,
    weights.tracked ? weightGradient(x, gradient, weights, geometry) : null,
    bias?.tracked ? reduceRows(gradient, { outer: 1, outShape: bias.shape }) : null,
  ]);
}

function measure(x: Tensor, weights: Tensor, { stride = 1, padding = 0 }: Conv2dOptions): Geometry {
  const [n, h, w, c] = x.shape;
  const [kernelHeight, kernelWidth, inputs, outputs] = weights.shape;
  const [padTop, padLeft] = typeof padding === "number" ? [padding, padding] : padding;
  if (x.shape.length !== 4 || weights.shape.length !== 4 || inputs !== c) {
    throw new RangeError(
      `A convolution takes [n, h, w, c] and [kh, kw, c, o], not [${x.shape}] and [${weights.shape}]`,
    );
  }
  const height = Math.floor((h + 2 * padTop - kernelHeight) / stride) + 1;
  const width = Math.floor((w + 2 * padLeft - kernelWidth) / stride) + 1;
  if (height < 1 || width < 1) {
    throw new RangeError(
      `A ${kernelHeight}×${kernelWidth} convolution does not fit a ${h}×${w} picture with ` +
        `padding ${padTop}, ${padLeft}`,
    );
  }
  return {
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
    height,
    width,
  };
}

/** Which source pixel a result pixel and a tap meet at; see shaders/conv2d_panel.wgsl. */
interface Meeting {
  readonly step: number;
  readonly sign: 1 | -1;
  readonly divisor: number;
  readonly offsetY: number;
  readonly offsetX: number;
}

/** The shared core of the forward pass and the input gradient: panels, then their product. */
function multiply(
  source: Tensor,
  weights: Tensor,
  out: Tensor,
  bias: Tensor | null,
  { kernelHeight, kernelWidth, stride }: Geometry,
  { step, sign, divisor, offsetY, offsetX }: Meeting,
): void {
  const { gpu } = source;
  let [n, sourceHeight, sourceWidth, channels] = source.shape;
  let [, height, width] = out.shape;
  // A pointwise convolution knows no rows: one long row per picture wastes less of a tile of 8.
  if (kernelHeight * kernelWidth === 1 && stride === 1 && offsetY === 0 && width % 8 !== 0) {
    [sourceHeight, sourceWidth] = [1, sourceHeight * sourceWidth];
    [height, width] = [1, height * width];
  }
  const panelPitch = Math.ceil(width / 4);
  const panel = Tensor.empty(gpu, [
    kernelWidth * n * sourceHeight * channels,
    panelPitch * 4,
  ]);
  gpu.run(panelKernel, {
    buffers: [source.buffer, panel.buffer],
    parameters: {
      u32: [
        n * sourceHeight,
        sourceWidth,
        channels,
        source.pitch / 4,
        kernelWidth,
        panelPitch,
        step,
        sign,
        offsetX,
        divisor,
      ],
    },
    workgroups: linear(kernelWidth * n * sourceHeight * (source.pitch / 4) * panelPitch),
  });
  const [x, y] = linear(n * height * Math.ceil(width / 8));
  gpu.run(productKernel, {
    // Without a bias any buffer will do: `biased` is 0 and the shader does not read it.
    buffers: [panel.buffer, weights.buffer, (bias ?? weights).buffer, out.buffer],
    parameters: {
      u32: [
        n,
        sourceHeight,
        channels,
        panelPitch,
        height,
        width,
        out.pitch / 4,
        kernelHeight,
        kernelWidth,
        step,
        sign,
        offsetY,
        divisor,
        bias ? 1 : 0,
      ],
    },
    workgroups: [x, y, Math.ceil(out.pitch / 8)],
  });
  panel.dispose();
}

/** ∂L/∂x: a convolution of ∂L/∂y with the weights' channels swapped. */
function inputGradient(gradient: Tensor, x: Tensor, weights: Tensor, geometry: Geometry): Tensor {
  const { kernelHeight, kernelWidth, c, outputs, stride, padTop, padLeft } = geometry;
  const transposed = Tensor.empty(x.gpu, [kernelHeight, kernelWidth, outputs, c]);
  x.gpu.run(transposeKernel, {
    buffers: [weights.buffer, transposed.buffer],
    parameters: {
      u32: [kernelHeight * kernelWidth, c, outputs, weights.pitch, transposed.pitch],
    },
    workgroups: linear(4 * transposed.vectors),
  });
  const out = Tensor.empty(x.gpu, x.shape);
  multiply(gradient, transposed, out, null, geometry, {
    step: 1,
    sign: -1,
    divisor: stride,
    offsetY: padTop,
    offsetX: padLeft,
  });
  transposed.dispose();
  return out;
}

/** ∂L/∂weights: an outer product for each pixel, in stripes of rows that are summed afterwards. */
function weightGradient(x: Tensor, gradient: Tensor, weights: Tensor, geometry: Geometry): Tensor {
  const { n, h, w, c, kernelHeight, kernelWidth, stride, padTop, padLeft, height, width } =
    geometry;
  const tiles = kernelHeight * kernelWidth * Math.ceil(x.pitch / 8) * Math.ceil(weights.pitch / 8);
  const rows = n * height;
  const wanted = Math.min(rows, 8 * Math.ceil(WEIGHT_GRADIENT_INVOCATIONS / tiles / 8));
  const stripeRows = Math.ceil(rows / wanted);
  const stripes = Math.ceil(rows / stripeRows);
  // One row per stripe: reduceRows adds whole weight tensors up.
  const partial = Tensor.empty(x.gpu, [stripes, weights.rows * weights.pitch]);
  const tileGroups = Math.ceil(tiles / 8);
  const y = Math.min(tileGroups, 65535);
  x.gpu.run(weightGradientKernel, {
    buffers: [x.buffer, gradient.buffer, partial.buffer],
    parameters: {
      u32: [
        n,
        h,
        w,
        c,
        x.pitch / 4,
        height,
        width,
        weights.pitch / 4,
        kernelHeight,
        kernelWidth,
        stride,
        padTop,
        padLeft,
        stripes,
        stripeRows,
      ],
    },
    workgroups: [Math.ceil(stripes / 8), y, Math.ceil(tileGroups / y)],
  });
  const out = reduceRows(partial, { outer: 1, outShape: weights.shape });
  partial.dispose();
  return out;
}
