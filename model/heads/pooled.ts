import type { Tensor } from "../../engine/tensor.ts";
import { Conv2d } from "../layers.ts";
import { type Builder, Module } from "../module.ts";
import { type Features, type Head, negativeLogLikelihood, type Outputs } from "./head.ts";

/**
 * CAM (paper eq. 1): class logits of each location by a 1×1 convolution `conv_last`, pooled by their
 * mean. That is a linear layer behind global average pooling, and its map is the mean of the
 * features times the class's weights, up to the bias.
 */
export class PooledHead extends Module implements Head {
  readonly places = [];
  #convLast: Conv2d;

  /** @param channels of the features, and number of classes */
  constructor(builder: Builder, channels: readonly [number, number]) {
    super();
    this.#convLast = this.part("conv_last", new Conv2d(builder, channels, { kernel: 1 }));
  }

  forward({ u }: Features): Outputs {
    return { f: this.#convLast.forward(u), logH: null };
  }

  /** Cross-entropy of the pooled logits. */
  loss(outputs: Outputs, labels: Tensor): Tensor {
    return negativeLogLikelihood(outputs, labels);
  }
}
