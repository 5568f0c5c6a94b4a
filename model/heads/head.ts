import { crossEntropy } from "../../engine/ops/cross_entropy.ts";
import { mean, meanSpatial } from "../../engine/ops/reduce.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { labelLogJoint } from "../calm/joint.ts";
import { marginalLoss } from "../calm/losses.ts";
import type { Module } from "../module.ts";

/** What a forward pass leaves for losses, predictions and maps. */
export interface Outputs {
  /** Class logits f, `[n, h, w, classes]`. */
  readonly f: Tensor;
  /** log p(z|x), `[n, h, w, 1]`; `null` but for CALM. */
  readonly logH: Tensor | null;
  /** What only the head's own loss reads; left out where none is to come. */
  readonly forLoss?: readonly Tensor[];
}

/** How the last layers are run. */
export interface HeadOptions {
  /**
   * For maps rather than for training: with the gradient of the location normaliser, also where
   * training leaves it out (`detachNormaliser`), for that is a rule of training, and what
   * attributions need is the gradient of log p(y|x) itself; and without what only a loss reads.
   * Default false.
   */
  readonly forMaps?: boolean;
}

/** What a head is handed. */
export interface Features {
  /** The backbone's feature map, `[n, h, w, features]`. */
  readonly u: Tensor;
  /** Features at the head's `places`, in their order; empty where no loss is to come. */
  readonly sides: readonly Tensor[];
  /** Height and width of the pictures. */
  readonly extent: readonly [number, number];
}

/** The last layers of a classifier, and what they are trained towards. */
export interface Head extends Module {
  /** Places of the backbone whose features it is trained with, besides the last ones. */
  readonly places: readonly string[];
  /** Runs the last layers. */
  forward(features: Features, options: HeadOptions): Outputs;
  /**
   * The training loss, mean over the batch, `[1]`.
   *
   * @param teacher what another model says of the same pictures, for losses that have one
   */
  loss(outputs: Outputs, labels: Tensor, teacher?: Outputs): Tensor;
}

/** −log p(ŷ|x), mean over the batch, `[1]`. */
export function negativeLogLikelihood({ f, logH }: Outputs, labels: Tensor): Tensor {
  if (!logH) return crossEntropy(meanSpatial(f), labels);
  return mean(marginalLoss(labelLogJoint(f, logH, labels)));
}
