import { batchNorm } from "../engine/ops/batch_norm.ts";
import { conv2d, type Conv2dOptions } from "../engine/ops/conv2d.ts";
import { dropout } from "../engine/ops/dropout.ts";
import { Random } from "../engine/random.ts";
import { Tensor } from "../engine/tensor.ts";
import { type Builder, initialWeights, Module, type Step } from "./module.ts";

/** Convolution with its own weights; parameters `weight` and, unless turned off, `bias`. */
export class Conv2d extends Module {
  /** `[kernel height, kernel width, in, out]`. */
  readonly weight: Tensor;
  /** `[out]`. */
  readonly bias: Tensor | null;
  #options: Conv2dOptions;

  /**
   * First weights are the builder's; biases are zero.
   *
   * @param inputs channels of x
   * @param outputs channels of the result
   * @param options `kernel` size (one number or `[height, width]`), stride, padding, bias
   */
  constructor(
    builder: Builder,
    [inputs, outputs]: readonly [number, number],
    options: Conv2dOptions & {
      readonly kernel: number | readonly [number, number];
      readonly bias?: boolean;
    },
  ) {
    super();
    const { kernel, bias = true } = options;
    const [height, width] = typeof kernel === "number" ? [kernel, kernel] : kernel;
    this.#options = options;
    this.weight = this.parameter(
      "weight",
      initialWeights(builder, [height, width, inputs, outputs]),
    );
    this.bias = bias ? this.parameter("bias", Tensor.zeros(builder.gpu, [outputs])) : null;
  }

  /** `[n, h, w, in]` → `[n, height, width, out]`. */
  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.#options);
  }
}

/** Batch normalisation, with the ReLU and residual addition that may follow it. */
export class BatchNorm extends Module {
  /** γ, `[channels]`. */
  readonly weight: Tensor;
  /** β, `[channels]`. */
  readonly bias: Tensor;
  /** Mean over the batches so far, `[channels]`. */
  readonly runningMean: Tensor;
  /** Unbiased variance over the batches so far, `[channels]`. */
  readonly runningVariance: Tensor;
  #eps: number;

  /**
   * γ is 1 and β 0 at first.
   *
   * @param options `eps` is added to the variance, 1e-5 by default
   */
  constructor({ gpu }: Builder, channels: number, { eps = 1e-5 }: { readonly eps?: number } = {}) {
    super();
    const ones = new Float32Array(channels).fill(1);
    this.weight = this.parameter("weight", Tensor.from(gpu, ones, [channels]));
    this.bias = this.parameter("bias", Tensor.zeros(gpu, [channels]));
    this.runningMean = this.buffer("running_mean", Tensor.zeros(gpu, [channels]));
    this.runningVariance = this.buffer("running_var", Tensor.from(gpu, ones, [channels]));
    this.#eps = eps;
  }

  /** Same shape as x. */
  forward(
    x: Tensor,
    options: { readonly relu?: boolean; readonly residual?: Tensor } = {},
  ): Tensor {
    return batchNorm(x, this, { ...options, training: this.training, eps: this.#eps });
  }
}

/** A layer that draws at random in training: counted, so that a resumed run draws the same. */
export abstract class DrawingLayer extends Module {
  #place: number;
  #step: Step = { seed: 0, epoch: 1, batch: 0, done: 0 };
  #passes = 0;

  /**
   * Nothing is drawn yet.
   *
   * @param place tells the layers of a network apart, which draw each for itself
   */
  constructor(place: number) {
    super();
    this.#place = place;
  }

  /** Keeps the step. */
  override beginStep(step: Step): void {
    this.#step = step;
    this.#passes = 0;
  }

  /** The numbers of the next forward pass: parts of a batch draw each for itself. */
  protected draw(): Random {
    const { seed, epoch, batch } = this.#step;
    return Random.of(seed, 0xd0b, epoch, batch, this.#place, this.#passes++);
  }
}

/** Dropout in training, what it is handed otherwise. Every forward pass of a run draws its own. */
export class Dropout extends DrawingLayer {
  #rate: number;

  /**
   * Has no tensors.
   *
   * @param place tells the layers of a network apart
   * @param rate share of the elements that become 0
   */
  constructor(place: number, rate: number) {
    super(place);
    this.#rate = rate;
  }

  /** Same shape as x. */
  forward(x: Tensor): Tensor {
    if (!this.training) return x;
    const random = this.draw();
    return dropout(x, { rate: this.#rate, key: [random.bits(), random.bits()] });
  }
}

/** A layer of a sequence. */
export interface Layer {
  /** What it is called, for visitors. */
  readonly name: string;
  /** `[n, h, w, c]` → what the layer makes of it. */
  forward(x: Tensor): Tensor;
}

/** A module as a layer of that name. */
export function asLayer(name: string, module: Pick<Layer, "forward">): Layer {
  return { name, forward: (x) => module.forward(x) };
}

/** Called with the result of each layer; what it returns is fed on. */
export type Visitor = (name: string, result: Tensor) => Tensor;

/**
 * Runs layers one after the other. Without a backward pass to come nothing is kept but what the next
 * layer reads, so that inference takes the memory of one layer instead of all.
 */
export function inSequence(
  x: Tensor,
  layers: Iterable<Layer>,
  visit: Visitor = (_, result) => result,
): Tensor {
  const { gpu } = x;
  let hidden = x;
  for (const layer of layers) {
    const run = () => visit(layer.name, layer.forward(hidden));
    const next = gpu.recordsGradients ? run() : gpu.scope(run);
    if (!gpu.recordsGradients && hidden !== x && hidden !== next) hidden.dispose();
    hidden = next;
  }
  return hidden;
}
