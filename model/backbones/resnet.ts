import { maxPool } from "../../engine/ops/pool.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { asLayer, BatchNorm, Conv2d, inSequence, type Layer, type Visitor } from "../layers.ts";
import { type Builder, Module } from "../module.ts";
import type { Attachments, Backbone, BackboneKind } from "./backbone.ts";
import { networkName } from "./network_name.ts";
import { BasicBlock, Bottleneck, isResidualFeature } from "./residual_blocks.ts";

/** Blocks of the four stages by depth; those of the deeper networks are bottlenecks. */
const BLOCKS = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
} as const;

/** Layers of a residual network. */
export type Depth = keyof typeof BLOCKS;

/** Width of the four stages. */
const WIDTHS = [64, 128, 256, 512];

/** Strides of the four stages by the stride of the whole network. */
export const STAGE_STRIDES = { 32: [1, 2, 2, 2], 16: [1, 2, 2, 1], 8: [1, 2, 1, 1] } as const;

/**
 * A residual network (He et al., 2016) with torchvision's names. Of 224×224 pictures it makes 7×7
 * maps at stride 32 (torchvision's), 14×14 at stride 16 (the paper's) and 28×28 at stride 8 (the
 * paper's large feature map).
 */
export class ResNet extends Module implements Backbone {
  readonly features: number;
  readonly attachments: Attachments;
  #layers: Layer[] = [];

  constructor(
    builder: Builder,
    depth: Depth,
    { stride }: { readonly stride: keyof typeof STAGE_STRIDES },
  ) {
    super();
    const stem = { kernel: 7, stride: 2, padding: 3, bias: false };
    const conv1 = this.part("conv1", new Conv2d(builder, [3, 64], stem));
    const bn1 = this.part("bn1", new BatchNorm(builder, 64));
    const pool = { kernel: 3, stride: 2, padding: 1 };
    this.#layers.push({
      name: "stem",
      forward: (x) => maxPool(bn1.forward(conv1.forward(x), { relu: true }), pool),
    });
    const isBasic = depth < 50;
    let inputs = 64;
    for (const [stage, blocks] of BLOCKS[depth].entries()) {
      const width = WIDTHS[stage];
      const outputs = isBasic ? width : 4 * width;
      for (let i = 0; i < blocks; i++) {
        const step = i === 0 ? STAGE_STRIDES[stride][stage] : 1;
        const block = isBasic
          ? new BasicBlock(builder, [inputs, outputs], step)
          : new Bottleneck(builder, inputs, width, step);
        const name = `layer${stage + 1}.${i}`;
        this.#layers.push(asLayer(name, this.part(name, block)));
        inputs = outputs;
      }
    }
    this.features = inputs;
    const [, , thirdStage, fourthStage] = BLOCKS[depth];
    const half = inputs / 2;
    this.attachments = {
      adl: ["layer3.0", "layer4.0", `layer4.${fourthStage - 1}`],
      spg: {
        ...{ places: ["layer3.0", `layer3.${thirdStage - 1}`], sides: [half, half] },
        ...{ b: half, c: 512 },
      },
      acol: 1024,
    };
  }

  /** Pictures `[n, h, w, 3]` → features `[n, ⌈h/stride⌉, ⌈w/stride⌉, features]`. */
  forward(x: Tensor, visit?: Visitor): Tensor {
    return inSequence(x, this.#layers, visit);
  }

  /** True for what the official code trains at the base learning rate (its substring rule). */
  readonly isFeature = isResidualFeature;

  /** The benchmark's rule: `layer4.` and CAM's last layer learn at the higher rate, all else does not. */
  isFeatureOfBenchmark(name: string): boolean {
    return !/layer4\.|^conv_last\./.test(name);
  }
}

function ofDepth<D extends Depth>(depth: D, paperName?: string): BackboneKind<`resnet${D}`> {
  const name = `resnet${depth}` as const;
  return {
    ...{ name, network: name, paperName, hasLargeMap: true, endsLinear: true },
    ...{ initialisation: "xavier-uniform", initialisationOfAcol: "he-normal" },
    build: (builder, { largeFeatureMap }) =>
      new ResNet(builder, depth, { stride: largeFeatureMap ? 8 : 16 }),
    recognises: (tensors) => networkName(tensors) === name,
  };
}

/** `resnet18`. */
export const resnet18: BackboneKind<"resnet18"> = ofDepth(18);
/** `resnet34`. */
export const resnet34: BackboneKind<"resnet34"> = ofDepth(34);
/** `resnet50`, the paper's. */
export const resnet50: BackboneKind<"resnet50"> = ofDepth(50, "ResNet50");
/** `resnet101`. */
export const resnet101: BackboneKind<"resnet101"> = ofDepth(101);
