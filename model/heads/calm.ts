import { mean } from "../../engine/ops/reduce.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { labelLogJoint } from "../calm/joint.ts";
import { type LocationOptions, logLocation } from "../calm/location.ts";
import { expectationLoss } from "../calm/losses.ts";
import { Conv2d } from "../layers.ts";
import { type Builder, Module } from "../module.ts";
import {
  type Features,
  type Head,
  type HeadOptions,
  negativeLogLikelihood,
  type Outputs,
} from "./head.ts";

/** What CALM is trained towards. */
export interface CalmOptions extends LocationOptions {
  /** By expectation-maximisation (eq. 6) or by marginal likelihood (eq. 4). */
  readonly em: boolean;
  /** ε of the EM loss (`ExpectationOptions`); default 0. */
  readonly posteriorEpsilon?: number;
}

/** CALM (paper §4.1.1): `conv_last` gives the class logits of each location, `attention.0` its prior. */
export class CalmHead extends Module implements Head {
  readonly places = [];
  #convLast: Conv2d;
  #attention: Conv2d;
  #options: CalmOptions;

  /** @param channels of the features, and number of classes */
  constructor(builder: Builder, channels: readonly [number, number], options: CalmOptions) {
    super();
    this.#options = options;
    this.#convLast = this.part("conv_last", new Conv2d(builder, channels, { kernel: 1 }));
    this.#attention = this.part(
      "attention.0",
      new Conv2d(builder, [channels[0], 1], { kernel: 1 }),
    );
  }

  forward({ u }: Features, { forMaps = false }: HeadOptions): Outputs {
    const { prior, detachNormaliser } = this.#options;
    const f = this.#convLast.forward(u);
    const location = { prior, detachNormaliser: detachNormaliser && !forMaps };
    return { f, logH: logLocation(this.#attention.forward(u), location) };
  }

  /**
   * Eq. 4, or eq. 6.
   *
   * @param teacher of EM: what the model with the parameters θ' says, from which the pseudo-target
   * comes; default: these outputs themselves, θ' = θ
   */
  loss(outputs: Outputs, labels: Tensor, teacher?: Outputs): Tensor {
    const { em, posteriorEpsilon: epsilon } = this.#options;
    if (!em) return negativeLogLikelihood(outputs, labels);
    const { f, logH } = outputs;
    const target = teacher?.logH
      ? f.gpu.withoutGradients(() => labelLogJoint(teacher.f, teacher.logH!, labels))
      : undefined;
    return mean(expectationLoss(labelLogJoint(f, logH!, labels), { epsilon, target }));
  }
}
