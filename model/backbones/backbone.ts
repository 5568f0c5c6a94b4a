import type { Tensor } from "../../engine/tensor.ts";
import type { Module } from "../module.ts";

/** A fully convolutional feature extractor. */
export interface Backbone extends Module {
  /** Channels of the feature map. */
  readonly features: number;
  /** `[n, h, w, 3]` → `[n, height, width, features]`. */
  forward(x: Tensor): Tensor;
  /** Whether a tensor of this name is trained at the base learning rate (the rest: × ratio). */
  isFeature(name: string): boolean;
}

/** What the backbones of the paper can be built with. */
export interface BackboneOptions {
  /** 28×28 maps of 224×224 pictures instead of 14×14. Default false. */
  readonly largeFeatureMap?: boolean;
}
