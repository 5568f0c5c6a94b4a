import type { Tensor } from "../../engine/tensor.ts";
import { BatchNorm, Conv2d, inSequence } from "../layers.ts";
import { type Builder, Module } from "../module.ts";
import type { Backbone, BackboneKind } from "./backbone.ts";
import { networkName } from "./network_name.ts";
import { BasicBlock, isResidualFeature } from "./residual_blocks.ts";

/**
 * The small residual network of the default job: a 3×3 stem and three residual blocks of widths
 * 16, 32 and 64, stride 4 in all. 64×64 pictures give 16×16 maps; 78,000 parameters.
 */
export class SmallResNet extends Module implements Backbone {
  readonly features = 64;
  #conv1: Conv2d;
  #bn1: BatchNorm;
  #blocks: BasicBlock[];

  constructor(builder: Builder) {
    super();
    const stem = { kernel: 3, stride: 2, padding: 1, bias: false };
    this.#conv1 = this.part("conv1", new Conv2d(builder, [3, 16], stem));
    this.#bn1 = this.part("bn1", new BatchNorm(builder, 16));
    this.#blocks = [
      this.part("layer1", new BasicBlock(builder, [16, 16], 1)),
      this.part("layer2", new BasicBlock(builder, [16, 32], 2)),
      this.part("layer3", new BasicBlock(builder, [32, 64], 1)),
    ];
  }

  /** Pictures `[n, h, w, 3]` → features `[n, ⌈h/4⌉, ⌈w/4⌉, 64]`. */
  forward(x: Tensor): Tensor {
    const stem = (x: Tensor) => this.#bn1.forward(this.#conv1.forward(x), { relu: true });
    return inSequence(x, [stem, ...this.#blocks.map((block) => (x: Tensor) => block.forward(x))]);
  }

  /** True for what the official code trains at the base learning rate (its substring rule). */
  readonly isFeature = isResidualFeature;
}

/** `small-resnet`. */
export const smallResNet: BackboneKind<"small-resnet"> = {
  name: "small-resnet",
  network: "small-resnet",
  initialisation: "xavier-uniform",
  hasLargeMap: false,
  build: (builder) => new SmallResNet(builder),
  recognises: (tensors) => networkName(tensors) === "small-resnet",
};
