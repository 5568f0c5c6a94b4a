import { Kernel, linear } from "../../engine/kernel.ts";
import { Tensor } from "../../engine/tensor.ts";
import type { StateEntry } from "../module.ts";
import source from "../../shaders/sgd.wgsl" with { type: "text" };

const kernel = new Kernel("sgd", source);

/** What the names of tensors begin with that only training needs; other readers leave them out. */
export const TRAINING_STATE = "optimizer.";

const MOMENTUM = `${TRAINING_STATE}momentum.`;

/** Hyper-parameters of `Sgd`; the defaults are the official code's. */
export interface SgdOptions {
  /** Default 0.9. */
  readonly momentum?: number;
  /** Default 1e-4. */
  readonly weightDecay?: number;
  /** Nesterov's form of momentum. Default true. */
  readonly nesterov?: boolean;
}

/** Parameters that share a learning rate: `rate · scale`. */
export interface ParameterGroup {
  /** Tensors that are trained. */
  readonly parameters: readonly StateEntry[];
  /** Of the learning rate. */
  readonly scale: number;
}

/** Stochastic gradient descent with momentum, weight decay and parameter groups, as in PyTorch. */
export class Sgd {
  #groups: readonly ParameterGroup[];
  #velocities = new Map<string, Tensor>();
  #options: Required<SgdOptions>;

  /** Momentum begins at zero. */
  constructor(groups: readonly ParameterGroup[], options: SgdOptions = {}) {
    this.#groups = groups;
    const { momentum = 0.9, weightDecay = 1e-4, nesterov = true } = options;
    this.#options = { momentum, weightDecay, nesterov };
    for (const { parameters } of groups) {
      for (const { name, tensor } of parameters) {
        this.#velocities.set(name, Tensor.zeros(tensor.gpu, tensor.shape).keep());
      }
    }
  }

  /** Updates every parameter that has a gradient, and takes the gradients away. */
  step(rate: number): void {
    const { momentum, weightDecay, nesterov } = this.#options;
    for (const { parameters, scale } of this.#groups) {
      for (const { name, tensor } of parameters) {
        if (!tensor.gradient) continue;
        const velocity = this.#velocities.get(name)!;
        tensor.gpu.run(kernel, {
          buffers: [tensor.gradient, velocity, tensor].map((t) => t.buffer),
          parameters: {
            vectors: tensor.vectors,
            nesterov: nesterov ? 1 : 0,
            rate: rate * scale,
            momentum,
            decay: weightDecay,
          },
          workgroups: linear(tensor.vectors),
        });
        tensor.gradient.dispose();
        tensor.gradient = null;
      }
    }
  }

  /** The momentum buffers: `optimizer.momentum.` and the name of the parameter. */
  *state(): Generator<StateEntry> {
    for (const [name, tensor] of this.#velocities) {
      yield { name: MOMENTUM + name, tensor, trainable: false };
    }
  }

  /** Gives back the memory of the momentum buffers. */
  dispose(): void {
    for (const tensor of this.#velocities.values()) tensor.dispose();
  }
}
