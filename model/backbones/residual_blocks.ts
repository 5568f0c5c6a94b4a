import type { Tensor } from "../../engine/tensor.ts";
import { BatchNorm, Conv2d } from "../layers.ts";
import { type Builder, Module } from "../module.ts";

/**
 * Basic residual block (He et al., 2016): two 3×3 convolutions with batch norm around a shortcut,
 * which is a 1×1 convolution where the shape changes.
 */
export class BasicBlock extends Module {
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
 * Bottleneck block (He et al., 2016): 1×1, 3×3 and 1×1 convolutions, the last to four times the
 * width. The stride is the 3×3 convolution's, as in torchvision.
 */
export class Bottleneck extends Module {
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

/**
 * The official code's substring rule of what learns at the base rate. It also matches
 * `layer4.0.conv1`, and leaves `bn1` and `layer4` out.
 */
export function isResidualFeature(name: string): boolean {
  return /conv1|layer1|layer2|layer3/.test(name);
}
