import { relu } from "../../engine/ops/elementwise.ts";
import { maxPool } from "../../engine/ops/pool.ts";
import type { Tensor } from "../../engine/tensor.ts";
import {
  asLayer,
  BatchNorm,
  Conv2d,
  Dropout,
  inSequence,
  type Layer,
  type Visitor,
} from "../layers.ts";
import { type Builder, Module } from "../module.ts";
import type { Attachments, Backbone, BackboneKind, BackboneOptions, Trunk } from "./backbone.ts";
import {
  branchesA,
  branchesB,
  branchesC,
  ConvNormRelu,
  InceptionBlock,
} from "./inception_blocks.ts";
import { networkName, type Shapes } from "./network_name.ts";

/** Options of `InceptionV3`. */
export interface InceptionOptions extends BackboneOptions {
  /** Batch norm in the two extra blocks `A3_1b` and `A3_2b`. Default false. */
  readonly batchNorm?: boolean;
}

/** One of the two blocks behind Inception: 3×3 convolution with bias, batch norm if any, ReLU. */
class ExtraBlock extends Module {
  #conv: Conv2d;
  #norm: BatchNorm | null;

  constructor(builder: Builder, inputs: number, batchNorm: boolean) {
    super();
    this.#conv = this.part("0", new Conv2d(builder, [inputs, 1024], { kernel: 3, padding: 1 }));
    this.#norm = batchNorm ? this.part("1", new BatchNorm(builder, 1024)) : null;
  }

  forward(x: Tensor): Tensor {
    const y = this.#conv.forward(x);
    return this.#norm ? this.#norm.forward(y, { relu: true }) : relu(y);
  }
}

/**
 * Inception-v3 as in the official code: torchvision's names up to `Mixed_6e`, with paddings and
 * poolings that make 14×14 or 28×28 maps of 224×224 pictures, then two 3×3 convolutions `A3_1b`
 * and `A3_2b` to 1024 channels. The WSOL benchmark's ACoL has its classifiers in their place.
 */
export class InceptionV3 extends Module implements Backbone {
  readonly features: number;
  readonly attachments: Attachments;
  #layers: Layer[] = [];

  constructor(builder: Builder, options: InceptionOptions = {}, trunk: Trunk = "pooled") {
    super();
    const { largeFeatureMap = false, batchNorm = false, skipMixed6e = false, dropout = 0 } =
      options;
    const add = <T extends Module & { forward(x: Tensor): Tensor }>(name: string, part: T) => {
      this.#layers.push(asLayer(name, this.part(name, part)));
      return part;
    };
    const stem = (
      name: string,
      channels: readonly [number, number],
      shape: { kernel: number; stride?: number; padding?: number },
    ) => add(name, new ConvNormRelu(builder, channels, shape));
    const pool = (name: string, padding: number) => {
      const options = { kernel: 3, stride: 2, padding, ceilMode: true };
      this.#layers.push({ name, forward: (x) => maxPool(x, options) });
    };
    const block = (name: string, inputs: number, branches: ReturnType<typeof branchesA>) =>
      add(name, new InceptionBlock(builder, inputs, branches)).outputs;

    stem("Conv2d_1a_3x3", [3, 32], { kernel: 3, stride: 2, padding: 1 });
    stem("Conv2d_2a_3x3", [32, 32], { kernel: 3 });
    stem("Conv2d_2b_3x3", [32, 64], { kernel: 3, padding: 1 });
    pool("pool1", 1);
    stem("Conv2d_3b_1x1", [64, 80], { kernel: 1 });
    stem("Conv2d_4a_3x3", [80, 192], { kernel: 3 });
    pool("pool2", 1);
    let channels = 192;
    for (const [name, pooled] of [["5b", 32], ["5c", 64], ["5d", 64]] as const) {
      channels = block(`Mixed_${name}`, channels, branchesA(pooled));
    }
    if (!largeFeatureMap) pool("pool3", 0);
    channels = block("Mixed_6a", channels, branchesB());
    for (const [name, width] of [["6b", 128], ["6c", 160], ["6d", 160], ["6e", 192]] as const) {
      channels = block(`Mixed_${name}`, channels, branchesC(width));
    }
    if (skipMixed6e) this.#layers.pop();
    this.attachments = {
      adl: ["Mixed_5d", "Mixed_6e", "A3_2b"],
      spg: {
        places: [largeFeatureMap ? "Mixed_5d" : "pool3", "Mixed_6d"],
        ...{ sides: [288, 768], b: 512, c: 512 },
      },
      acol: 1024,
    };
    this.features = trunk === "acol" ? channels : 1024;
    if (trunk === "acol") return;
    const drop = (place: number) => {
      if (dropout > 0) add(`dropout${place}`, new Dropout(place, dropout));
    };
    drop(1);
    add("A3_1b", new ExtraBlock(builder, channels, batchNorm));
    drop(2);
    add("A3_2b", new ExtraBlock(builder, this.features, batchNorm));
    drop(3);
  }

  /** Pictures `[n, h, w, 3]` → features `[n, ~h/16, ~w/16, features]`; by 8 with a large map. */
  forward(x: Tensor, visit?: Visitor): Tensor {
    return inSequence(x, this.#layers, visit);
  }

  /** The official code's rule: `Mixed` and `Conv2d_1` to `4` learn at the base rate. */
  readonly isFeature = isInceptionFeature;
  /** The benchmark's is the same. */
  readonly isFeatureOfBenchmark = isInceptionFeature;
}

/** The official code's substring rule of what learns at the base rate. */
export function isInceptionFeature(name: string): boolean {
  return /Mixed|Conv2d_[1-4]/.test(name);
}

const COMMON = {
  network: "inception_v3",
  paperName: "Inception-v3",
  initialisation: "xavier-uniform",
  initialisationOfAcol: "xavier-uniform",
  endsLinear: false,
  hasLargeMap: true,
  hasMixed6e: true,
  hasDropout: true,
} as const;

/** The extra blocks have their batch norms or not. */
const hasNorms = (tensors: Shapes) => tensors.has("A3_1b.1.running_mean");
const isInception = (tensors: Shapes) => networkName(tensors) === "inception_v3";

/** `inception_v3`. */
export const inceptionV3: BackboneKind<"inception_v3"> = {
  ...{ name: "inception_v3", ...COMMON },
  build: (builder, options, trunk) => new InceptionV3(builder, options, trunk),
  recognises: (tensors) => isInception(tensors) && !hasNorms(tensors),
};

/** `inception_v3_bn`. */
export const inceptionV3Bn: BackboneKind<"inception_v3_bn"> = {
  ...{ name: "inception_v3_bn", ...COMMON },
  build: (builder, options, trunk) =>
    new InceptionV3(builder, { ...options, batchNorm: true }, trunk),
  recognises: (tensors) => isInception(tensors) && hasNorms(tensors),
};
