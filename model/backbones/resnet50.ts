import { maxPool } from "../../engine/ops/pool.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { BatchNorm, Conv2d, inSequence } from "../layers.ts";
import { type Builder, Module } from "../module.ts";
import type { Backbone } from "./backbone.ts";
import { isFeatureName } from "./feature_names.ts";

/**
 * Bottleneck block (He et al., 2016): 1×1, 3×3 and 1×1 convolutions, the last to four times the
 * width. The stride is the 3×3 convolution's, as in torchvision.
 */
class Bottleneck extends Module {
  #convs: readonly [Conv2d, Conv2d, Conv2d];
  #norms: readonly [BatchNorm, BatchNorm, BatchNorm];
  #shortcut: { conv: Conv2d; bn: BatchNorm } | null = null;

  constructor(builder: Builder, inputs: number, width: number, stride: number) {
    super();
    const outputs = 4 * width;
    const convolution = (name: string, channels: readonly [number, number], options: {
      readonly kernel: number;
      readonly stride?: number;
      readonly padding?: number;
    }) => this.part(name, new Conv2d(builder, channels, { ...options, bias: false }));
    const norm = (name: string, channels: number) =>
      this.part(name, new BatchNorm(builder, channels));
    const conv1 = convolution("conv1", [inputs, width], { kernel: 1 });
    const bn1 = norm("bn1", width);
    const conv2 = convolution("conv2", [width, width], { kernel: 3, stride, padding: 1 });
    const bn2 = norm("bn2", width);
    const conv3 = convolution("conv3", [width, outputs], { kernel: 1 });
    const bn3 = norm("bn3", outputs);
    this.#convs = [conv1, conv2, conv3];
    this.#norms = [bn1, bn2, bn3];
    if (stride !== 1 || inputs !== outputs) {
      this.#shortcut = {
        conv: convolution("downsample.0", [inputs, outputs], { kernel: 1, stride }),
        bn: norm("downsample.1", outputs),
      };
    }
  }

  forward(x: Tensor): Tensor {
    const [conv1, conv2, conv3] = this.#convs;
    const [bn1, bn2, bn3] = this.#norms;
    const { conv, bn } = this.#shortcut ?? {};
    const residual = conv && bn ? bn.forward(conv.forward(x)) : x;
    const narrow = bn1.forward(conv1.forward(x), { relu: true });
    const seen = bn2.forward(conv2.forward(narrow), { relu: true });
    return bn3.forward(conv3.forward(seen), { relu: true, residual });
  }
}

/** Width and number of bottlenecks of the four stages. */
const STAGES = [[64, 3], [128, 4], [256, 6], [512, 3]] as const;

/** Strides of the four stages by the stride of the whole network. */
export const STAGE_STRIDES = { 32: [1, 2, 2, 2], 16: [1, 2, 2, 1], 8: [1, 2, 1, 1] } as const;

/**
 * ResNet50 with torchvision's names. Of 224×224 pictures it makes 7×7 maps at stride 32
 * (torchvision's), 14×14 at stride 16 (the paper's) and 28×28 at stride 8 (the paper's large
 * feature map).
 */
export class ResNet50 extends Module implements Backbone {
  readonly features = 2048;
  #conv1: Conv2d;
  #bn1: BatchNorm;
  #blocks: Bottleneck[] = [];

  constructor(builder: Builder, { stride }: { readonly stride: keyof typeof STAGE_STRIDES }) {
    super();
    const stem = { kernel: 7, stride: 2, padding: 3, bias: false };
    this.#conv1 = this.part("conv1", new Conv2d(builder, [3, 64], stem));
    this.#bn1 = this.part("bn1", new BatchNorm(builder, 64));
    let inputs = 64;
    for (const [stage, [width, blocks]] of STAGES.entries()) {
      for (let i = 0; i < blocks; i++) {
        const step = i === 0 ? STAGE_STRIDES[stride][stage] : 1;
        const block = new Bottleneck(builder, inputs, width, step);
        this.#blocks.push(this.part(`layer${stage + 1}.${i}`, block));
        inputs = 4 * width;
      }
    }
  }

  /** Pictures `[n, h, w, 3]` → features `[n, ⌈h/stride⌉, ⌈w/stride⌉, 2048]`. */
  forward(x: Tensor): Tensor {
    const stem = (x: Tensor) =>
      maxPool(this.#bn1.forward(this.#conv1.forward(x), { relu: true }), {
        kernel: 3,
        stride: 2,
        padding: 1,
      });
    return inSequence(x, [stem, ...this.#blocks.map((block) => (x: Tensor) => block.forward(x))]);
  }

  /** True for what the official code trains at the base learning rate (its substring rule). */
  readonly isFeature = isFeatureName.resnet;
}
