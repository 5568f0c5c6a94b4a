import { crossEntropy, selectLabel } from "../engine/ops/cross_entropy.ts";
import { affine } from "../engine/ops/elementwise.ts";
import { mean, meanSpatial } from "../engine/ops/reduce.ts";
import { logSoftmax, softmax } from "../engine/ops/softmax.ts";
import type { Gpu } from "../engine/gpu.ts";
import { Tensor } from "../engine/tensor.ts";
import type { Batch } from "../data/loader.ts";
import { extentOf } from "../data/transform.ts";
import type { Backbone } from "./backbones/backbone.ts";
import { classProbabilities, jointMap, labelLogJoint } from "./calm/joint.ts";
import { type LocationOptions, logLocation } from "./calm/location.ts";
import { expectationLoss, marginalLoss } from "./calm/losses.ts";
import { Conv2d } from "./layers.ts";
import { type Builder, Module } from "./module.ts";

/** CAM (paper §3) or CALM trained by marginal likelihood or expectation-maximisation (§4.1.2). */
export type Method = "cam" | "calm-ml" | "calm-em";

/** All methods, for messages and tables. */
export const METHODS: readonly Method[] = ["cam", "calm-ml", "calm-em"];

/** What a forward pass leaves for losses, predictions and maps. */
export interface Outputs {
  /** Class logits f, `[n, h, w, classes]`. */
  readonly f: Tensor;
  /** log p(z|x), `[n, h, w, 1]`; `null` for CAM. */
  readonly logH: Tensor | null;
}

/** How the last layers are differentiated. */
export interface HeadOptions {
  /**
   * With the gradient of the location normaliser, also where training leaves it out
   * (`detachNormaliser`): leaving it out is a rule of training, and what attributions need is the
   * gradient of log p(y|x) itself. Default false.
   */
  readonly wholeGradient?: boolean;
}

/** A batch's pictures on the GPU, `[size, crop, crop, 3]`. */
export function uploadPictures(gpu: Gpu, batch: Pick<Batch, "images" | "size">): Tensor {
  const extent = extentOf(batch);
  return Tensor.fromPadded(gpu, batch.images, [batch.size, extent, extent, 3]);
}

/**
 * A backbone with the last layers of CAM (eq. 1) or CALM (§4.1.1): `conv_last` gives the class
 * logits of each location, `attention.0` the location logits (CALM only).
 */
export class Classifier extends Module {
  /** Makes the feature map. */
  readonly backbone: Backbone;
  #convLast: Conv2d;
  #attention: Conv2d | null;
  #location: LocationOptions;
  #posteriorEpsilon: number;

  /**
   * First weights of the last layers are the builder's.
   *
   * @param options number of classes, method, the prior branch's options, and ε of the EM loss
   * (`ExpectationOptions`)
   */
  constructor(
    builder: Builder,
    backbone: Backbone,
    options: LocationOptions & {
      readonly classes: number;
      readonly method: Method;
      readonly posteriorEpsilon?: number;
    },
  ) {
    super();
    this.backbone = this.part("", backbone);
    const { classes } = options;
    this.classes = classes;
    this.method = options.method;
    this.#location = options;
    this.#posteriorEpsilon = options.posteriorEpsilon ?? 0;
    this.#convLast = this.part(
      "conv_last",
      new Conv2d(builder, [backbone.features, classes], { kernel: 1 }),
    );
    this.#attention = options.method === "cam" ? null : this.part(
      "attention.0",
      new Conv2d(builder, [backbone.features, 1], { kernel: 1 }),
    );
  }

  /** Which last layers and loss. */
  readonly method: Method;
  /** Number of classes. */
  readonly classes: number;

  /**
   * Runs `body` with the running statistics and without recording gradients, in a scope of its own:
   * only the tensors it returns are left.
   */
  inference<T>(body: () => T): T {
    const { training, gpu } = this;
    this.setTraining(false);
    try {
      return gpu.withoutGradients(() => gpu.scope(body));
    } finally {
      this.setTraining(training);
    }
  }

  /** Runs the network on pictures `[n, h, w, 3]`. */
  forward(x: Tensor, options?: HeadOptions): Outputs {
    return this.head(this.backbone.forward(x), options);
  }

  /** Runs the last layers on the backbone's feature map u, `[n, h, w, features]`. */
  head(u: Tensor, { wholeGradient = false }: HeadOptions = {}): Outputs {
    const f = this.#convLast.forward(u);
    const { prior, detachNormaliser } = this.#location;
    const location = { prior, detachNormaliser: detachNormaliser && !wholeGradient };
    const logH = this.#attention ? logLocation(this.#attention.forward(u), location) : null;
    return { f, logH };
  }

  /**
   * The training loss, mean over the batch, `[1]`: cross-entropy of the pooled logits for CAM,
   * eq. 4 for CALM_ML, eq. 6 for CALM_EM.
   *
   * @param teacher of CALM_EM: what the model with the parameters θ' says of the same pictures, from
   * which the pseudo-target comes; default: these outputs themselves, θ' = θ
   */
  loss(outputs: Outputs, labels: Tensor, teacher?: Outputs): Tensor {
    const { f, logH } = outputs;
    if (!logH || this.method !== "calm-em") return this.negativeLogLikelihood(outputs, labels);
    const target = teacher?.logH
      ? f.gpu.withoutGradients(() => labelLogJoint(teacher.f, teacher.logH!, labels))
      : undefined;
    const epsilon = this.#posteriorEpsilon;
    return mean(expectationLoss(labelLogJoint(f, logH, labels), { epsilon, target }));
  }

  /** −log p(ŷ|x), mean over the batch, `[1]`. */
  negativeLogLikelihood({ f, logH }: Outputs, labels: Tensor): Tensor {
    if (!logH) return crossEntropy(meanSpatial(f), labels);
    return mean(marginalLoss(labelLogJoint(f, logH, labels)));
  }

  /** −log p(ŷ|x) of each picture, `[n, 1]`. */
  negativeLogLikelihoods({ f, logH }: Outputs, labels: Tensor): Tensor {
    if (logH) return marginalLoss(labelLogJoint(f, logH, labels));
    return affine(selectLabel(logSoftmax(meanSpatial(f)), labels), { scale: -1 });
  }

  /** p(y|x), `[n, classes]`. Not differentiable. */
  probabilities({ f, logH }: Outputs): Tensor {
    const { gpu } = f;
    return gpu.withoutGradients(() =>
      gpu.scope(() => logH ? classProbabilities(f, logH) : softmax(meanSpatial(f)))
    );
  }

  /** p(y,z|x), `[n, h, w, classes]`; CALM only. */
  joint({ f, logH }: Outputs): Tensor {
    if (!logH) throw new Error("CAM has no joint distribution p(y,z|x)");
    return jointMap(f, logH);
  }
}
