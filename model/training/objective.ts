import type { Tensor } from "../../engine/tensor.ts";
import type { Classifier, Outputs } from "../classifier.ts";
import type { StateEntry, Step } from "../module.ts";

/** Some pictures of a batch, on the GPU. */
export interface Part {
  /** `[n, h, w, 3]`. */
  readonly x: Tensor;
  /** The class of each, `[n]`. */
  readonly labels: Tensor;
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

/** The method's own loss: cross-entropy for CAM, eq. 4 for CALM_ML, eq. 6 with θ' = θ for CALM_EM. */
export const OWN_LOSS: Objective = {
  of(model, { x, labels }) {
    const outputs = model.forward(x);
    return { loss: model.loss(outputs, labels), outputs };
  },
};
