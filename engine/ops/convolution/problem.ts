/** Extents of one convolution; x is `[n, h, w, c]`, y is `[n, height, width, outputs]`. */
export interface ConvolutionProblem {
  /** Pictures. */
  readonly n: number;
  /** Height of x. */
  readonly h: number;
  /** Width of x. */
  readonly w: number;
  /** Channels of x. */
  readonly c: number;
  /** Rows of the kernel. */
  readonly kernelHeight: number;
  /** Columns of the kernel. */
  readonly kernelWidth: number;
  /** Channels of y. */
  readonly outputs: number;
  /** Pixels of x from one pixel of y to the next, both ways. */
  readonly stride: number;
  /** Rows of zeros above and below x. */
  readonly padTop: number;
  /** Columns of zeros on either side of x. */
  readonly padLeft: number;
  /** Height of y. */
  readonly height: number;
  /** Width of y. */
  readonly width: number;
}

/** Shapes of the tensors of a convolution; gradients have those of what they belong to. */
export function shapesOf(
  problem: ConvolutionProblem,
): Record<"x" | "weights" | "bias" | "y", readonly number[]> {
  const { n, h, w, c, kernelHeight, kernelWidth, outputs, height, width } = problem;
  return {
    x: [n, h, w, c],
    weights: [kernelHeight, kernelWidth, c, outputs],
    bias: [outputs],
    y: [n, height, width, outputs],
  };
}

/** `1x28x28x128,3x3x128`, and stride and padding where they are not 1 and half the kernel. */
export function describe(problem: ConvolutionProblem): string {
  const { n, h, w, c, kernelHeight, kernelWidth, outputs, stride, padTop, padLeft } = problem;
  const shape = `${n}x${h}x${w}x${c},${kernelHeight}x${kernelWidth}x${outputs}`;
  const same = padTop === kernelHeight >> 1 && padLeft === kernelWidth >> 1;
  const pads = same ? "" : ` padding ${padTop},${padLeft}`;
  return `${shape}${stride === 1 ? "" : ` stride ${stride}`}${pads}`;
}

/** Batches of up to the next power of two share their choice of a variant. */
export function shapeClass(problem: ConvolutionProblem): string {
  return describe({ ...problem, n: 2 ** Math.ceil(Math.log2(problem.n)) });
}

/** Operations of any of the three products of a convolution; taps in the padding count, too. */
export function flops(problem: ConvolutionProblem): number {
  const { n, height, width, outputs, kernelHeight, kernelWidth, c } = problem;
  return 2 * n * height * width * outputs * kernelHeight * kernelWidth * c;
}

/**
 * Completes a problem from its input extents.
 *
 * @throws {RangeError} when the kernel does not fit
 */
export function convolutionProblem(
  extents: Omit<ConvolutionProblem, "height" | "width">,
): ConvolutionProblem {
  const { h, w, kernelHeight, kernelWidth, stride, padTop, padLeft } = extents;
  const height = Math.floor((h + 2 * padTop - kernelHeight) / stride) + 1;
  const width = Math.floor((w + 2 * padLeft - kernelWidth) / stride) + 1;
  if (height < 1 || width < 1) {
    throw new RangeError(
      `A ${kernelHeight}×${kernelWidth} convolution does not fit a ${h}×${w} picture with ` +
        `padding ${padTop}, ${padLeft}`,
    );
  }
  return { ...extents, height, width };
}
