import { add, affine } from "../../engine/ops/elementwise.ts";
import type { Tensor } from "../../engine/tensor.ts";
import type { Classifier } from "../classifier.ts";
import type { Outputs } from "../heads/head.ts";
import type { StateEntry, Step } from "../module.ts";

/** Some pictures of a batch, on the GPU. */
export interface Part {
  /** `[n, h, w, 3]`. */
  readonly x: Tensor;
  /** The class of each, `[n]`. */
  readonly labels: Tensor;
  /** The second class of each, where pictures are mixed of two (CutMix). */
  readonly mixed?: {
    readonly labels: Tensor;
    /** λ, the share of the first class. */
    readonly share: number;
  };
}

/**
 * What a model is trained towards. A method of training is an object of this kind: it runs the
 * model as it sees fit, says what is to become smaller, and may keep tensors of its own.
 */
export interface Objective {
  /**
   * Records the forward pass of a part of a batch.
   *
   * @returns the mean loss of the part, `[1]`, and what the model says of its pictures
   */
  of(model: Classifier, part: Part, step: Step): {
    readonly loss: Tensor;
    readonly outputs: Outputs;
  };
  /** Called after each update of the weights. */
  updated?(model: Classifier, step: Step): void;
  /** What it keeps from step to step; names begin with `TRAINING_STATE`. */
  state?(): Iterable<StateEntry>;
  /** Gives back what it keeps. */
  dispose?(): void;
}

/**
 * The method's own loss: cross-entropy for CAM, eq. 4 for CALM_ML, eq. 6 with θ' = θ for CALM_EM; of
 * mixed pictures that of both classes.
 */
export const OWN_LOSS: Objective = {
  of(model, part) {
    const outputs = model.forward(part.x);
    return { loss: lossOf(model, outputs, part), outputs };
  },
};

/**
 * A model's own loss of what it says of a part, `[1]`; of mixed pictures
 *
 *     λ · L(y) + (1 − λ) · L(y of the partner).
 *
 * @param teacher see `Classifier.loss`
 */
export function lossOf(
  model: Classifier,
  outputs: Outputs,
  { labels, mixed }: Part,
  teacher?: Outputs,
): Tensor {
  const own = model.loss(outputs, labels, teacher);
  if (!mixed) return own;
  const other = model.loss(outputs, mixed.labels, teacher);
  return add(affine(own, { scale: mixed.share }), affine(other, { scale: 1 - mixed.share }));
}
