import type { Tensor } from "../../engine/tensor.ts";
import { BatchNorm, Conv2d, inSequence } from "../layers.ts";
import { type Builder, Module } from "../module.ts";
import type { Backbone } from "./backbone.ts";
import { isFeatureName } from "./feature_names.ts";

/**
 * Basic residual block (He et al., 2016): two 3×3 convolutions with batch norm around a shortcut,
 * which is a 1×1 convolution where the shape changes.
 */
class BasicBlock extends Module {
  #conv1: Conv2d;
  #bn1: BatchNorm;
  #conv2: Conv2d;
  #bn2: BatchNorm;
  #shortcut: { conv: Conv2d; bn: BatchNorm } | null = null;

  constructor(builder: Builder, channels: readonly [number, number], stride: number) {
    super();
    const [inputs, outputs] = channels;
    const square = { kernel: 3, padding: 1, bias: false };
    this.#conv1 = this.part("conv1", new Conv2d(builder, channels, { ...square, stride }));
    this.#bn1 = this.part("bn1", new BatchNorm(builder, outputs));
    this.#conv2 = this.part("conv2", new Conv2d(builder, [outputs, outputs], square));
    this.#bn2 = this.part("bn2", new BatchNorm(builder, outputs));
    if (stride !== 1 || inputs !== outputs) {
      const pointwise = { kernel: 1, stride, bias: false };
      this.#shortcut = {
        conv: this.part("downsample.0", new Conv2d(builder, channels, pointwise)),
        bn: this.part("downsample.1", new BatchNorm(builder, outputs)),
      };
    }
  }

  forward(x: Tensor): Tensor {
    const { conv, bn } = this.#shortcut ?? {};
    const residual = conv && bn ? bn.forward(conv.forward(x)) : x;
    const hidden = this.#bn1.forward(this.#conv1.forward(x), { relu: true });
    return this.#bn2.forward(this.#conv2.forward(hidden), { relu: true, residual });
  }
}

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
  readonly isFeature = isFeatureName.resnet;
}
