import type { Tensor } from "../../engine/tensor.ts";
import { asLayer, BatchNorm, Conv2d, inSequence, type Layer, type Visitor } from "../layers.ts";
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
  readonly attachments = {
    adl: ["layer2", "layer3"],
    spg: { places: ["layer1", "layer2"], sides: [16, 32], b: 32, c: 16 },
    acol: 64,
  } as const;
  #layers: readonly Layer[];

  constructor(builder: Builder) {
    super();
    const stem = { kernel: 3, stride: 2, padding: 1, bias: false };
    const conv1 = this.part("conv1", new Conv2d(builder, [3, 16], stem));
    const bn1 = this.part("bn1", new BatchNorm(builder, 16));
    const block = (name: string, channels: readonly [number, number], stride: number) =>
      asLayer(name, this.part(name, new BasicBlock(builder, channels, stride)));
    this.#layers = [
      { name: "stem", forward: (x) => bn1.forward(conv1.forward(x), { relu: true }) },
      block("layer1", [16, 16], 1),
      block("layer2", [16, 32], 2),
      block("layer3", [32, 64], 1),
    ];
  }

  /** Pictures `[n, h, w, 3]` → features `[n, ⌈h/4⌉, ⌈w/4⌉, 64]`. */
  forward(x: Tensor, visit?: Visitor): Tensor {
    return inSequence(x, this.#layers, visit);
  }

  /** True for what the official code trains at the base learning rate (its substring rule). */
  readonly isFeature = isResidualFeature;

  /** As in the benchmark's ResNet: CAM's last layer learns at the higher rate, all else does not. */
  isFeatureOfBenchmark(name: string): boolean {
    return !name.startsWith("conv_last.");
  }
}

/** `small-resnet`. */
export const smallResNet: BackboneKind<"small-resnet"> = {
  name: "small-resnet",
  network: "small-resnet",
  initialisation: "xavier-uniform",
  initialisationOfAcol: "xavier-uniform",
  endsLinear: false,
  hasLargeMap: false,
  build: (builder) => new SmallResNet(builder),
  recognises: (tensors) => networkName(tensors) === "small-resnet",
};
