import { Random } from "../engine/random.ts";
import type { Gpu } from "../engine/gpu.ts";
import { product, Tensor } from "../engine/tensor.ts";

/** One named tensor of a model, as checkpoints store it. */
export interface StateEntry {
  /** Dotted path as in torchvision, e.g. `layer1.conv1.weight`. */
  readonly name: string;
  /** The values. */
  readonly tensor: Tensor;
  /** Parameters are trained; the rest (running statistics) is only stored. */
  readonly trainable: boolean;
}

/** A training step: what layers draw counted randomness from, so that a resumed run draws the same. */
export interface Step {
  /** The run's. */
  readonly seed: number;
  /** From 1. */
  readonly epoch: number;
  /** Position of the batch in its epoch, from 0. */
  readonly batch: number;
  /** Steps of the run before this one. */
  readonly done: number;
}

/** What layers are built with. */
export interface Builder {
  /** Where the tensors are made. */
  readonly gpu: Gpu;
  /** Draws the initial weights. */
  readonly random: Random;
  /** Distribution of convolution weights; default `"xavier-uniform"`, as in the official code. */
  readonly initialisation?: Initialisation;
}

/**
 * `"xavier-uniform"` (Glorot and Bengio, 2010), `"he-normal"` in fan-out mode (He et al., 2015), or
 * `"small-normal"`, the WSOL benchmark's for linear layers.
 */
export type Initialisation = "xavier-uniform" | "he-normal" | "small-normal";

/**
 * A part of a network: named parameters, buffers and parts of its own. The names of the parts,
 * joined by dots, name the tensors in checkpoints; they are torchvision's.
 */
export abstract class Module {
  #tensors: StateEntry[] = [];
  #parts: [name: string, part: Module][] = [];
  #training = true;

  /** Registers a trained tensor. */
  protected parameter(name: string, tensor: Tensor): Tensor {
    this.#tensors.push({ name, tensor: tensor.asParameter(), trainable: true });
    return tensor;
  }

  /** Registers a tensor that is stored but not trained. */
  protected buffer(name: string, tensor: Tensor): Tensor {
    this.#tensors.push({ name, tensor: tensor.keep(), trainable: false });
    return tensor;
  }

  /** Registers a part; with an empty name its tensors are named as if they were this module's. */
  protected part<T extends Module>(name: string, part: T): T {
    this.#parts.push([name, part]);
    return part;
  }

  /** Whether batch norms use the batch's statistics. */
  get training(): boolean {
    return this.#training;
  }

  /** Sets `training` here and in all parts. */
  setTraining(training: boolean): void {
    this.#training = training;
    for (const [, part] of this.#parts) part.setTraining(training);
  }

  /**
   * Told of every training step before its first forward pass, here and in all parts. A layer that
   * draws at random keeps the step and draws from `Random.of(seed, epoch, batch, …)`.
   */
  beginStep(step: Step): void {
    for (const [, part] of this.#parts) part.beginStep(step);
  }

  /** The GPU that its tensors are on. */
  get gpu(): Gpu {
    for (const { tensor } of this.state()) return tensor.gpu;
    throw new Error("A module without tensors is on no GPU");
  }

  /** All tensors with their full names, in the order of registration. */
  *state(prefix = ""): Generator<StateEntry> {
    for (const entry of this.#tensors) yield { ...entry, name: prefix + entry.name };
    for (const [name, part] of this.#parts) {
      yield* part.state(name ? `${prefix}${name}.` : prefix);
    }
  }

  /** The trained tensors with their names. */
  parameters(): StateEntry[] {
    return [...this.state()].filter(({ trainable }) => trainable);
  }

  /** Gives back the memory of all tensors. */
  dispose(): void {
    for (const { tensor } of this.state()) tensor.dispose();
  }
}

/**
 * Initial convolution weights of shape `[kernel height, kernel width, in, out]`.
 *
 *     xavier-uniform: U(−b, b), b = √(6 / (fan_in + fan_out));  he-normal: N(0, 2 / fan_out);
 *     small-normal: N(0, 0.01²)
 *
 * Drawn in PyTorch's order of elements (out, in, height, width).
 */
export function initialWeights(
  { gpu, random, initialisation = "xavier-uniform" }: Builder,
  shape: number[],
): Tensor {
  const [kernelHeight, kernelWidth, inputs, outputs] = shape;
  const area = kernelHeight * kernelWidth;
  const bound = Math.sqrt(6 / (area * (inputs + outputs)));
  const deviation = initialisation === "small-normal" ? 0.01 : Math.sqrt(2 / (area * outputs));
  const weights = new Float32Array(product(shape));
  for (let o = 0; o < outputs; o++) {
    for (let c = 0; c < inputs; c++) {
      for (let tap = 0; tap < area; tap++) {
        weights[(tap * inputs + c) * outputs + o] = initialisation === "xavier-uniform"
          ? random.uniform(-bound, bound)
          : random.normal(0, deviation);
      }
    }
  }
  return Tensor.from(gpu, weights, shape);
}
