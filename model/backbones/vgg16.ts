import { relu } from "../../engine/ops/elementwise.ts";
import { averagePool, maxPool, type PoolOptions } from "../../engine/ops/pool.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { BatchNorm, Conv2d, inSequence, type Layer, type Visitor } from "../layers.ts";
import type { StoredTensor } from "../../weights/host_tensor.ts";
import { type Builder, Module } from "../module.ts";
import type {
  Attachments,
  Backbone,
  BackboneKind,
  BackboneOptions,
  Places,
  Tensors,
  Trunk,
} from "./backbone.ts";
import { networkName } from "./network_name.ts";

/** Output channels of the 3×3 convolutions; a pooling ends each group but the last. */
const GROUPS = [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]] as const;

/** Poolings of CAM and CALM, and those in which the networks of ACoL and SPG differ. */
const HALVES: PoolOptions = { kernel: 2 };
const OVERLAPPING: PoolOptions = { kernel: 3, stride: 2, padding: 1 };
const SPREADING: PoolOptions = { kernel: 3, stride: 1, padding: 1 };

/** What pools after each group of convolutions, if anything does. */
function poolingsOf(trunk: Trunk, large: boolean): readonly (PoolOptions | null)[] {
  switch (trunk) {
    case "pooled":
      return [HALVES, HALVES, HALVES, large ? null : HALVES, null];
    case "acol":
      return [OVERLAPPING, OVERLAPPING, OVERLAPPING, large ? SPREADING : OVERLAPPING, SPREADING];
    case "spg":
      return [HALVES, HALVES, HALVES, large ? null : OVERLAPPING, null];
  }
}

/**
 * VGG16 as in the official code: torchvision's `features` without the last pooling (and, with a
 * large feature map, without the fourth), then a 3×3 convolution `conv6` to 1024 channels. The
 * indices of `features.N` count poolings and ReLUs, as in torchvision, so that leaving a pooling
 * out shifts those behind it.
 *
 * The WSOL benchmark's networks of ACoL and SPG end otherwise: that of ACoL in two poolings that keep
 * the size, that of SPG in two more 3×3 convolutions `SPG_A_3`.
 */
export class Vgg16 extends Module implements Backbone {
  readonly features: number;
  readonly attachments: Attachments;
  #layers: Layer[] = [];
  #trunk: Trunk;
  /** The first index of `features` whose layers are SPG's own in the benchmark. */
  #firstOfSpg = Infinity;

  /** @param options `batchNorm` (default false): torchvision's `vgg16_bn` */
  constructor(
    builder: Builder,
    options: BackboneOptions & { readonly batchNorm?: boolean } = {},
    trunk: Trunk = "pooled",
  ) {
    super();
    const { largeFeatureMap = false, batchNorm = false } = options;
    const poolings = poolingsOf(trunk, largeFeatureMap);
    this.#trunk = trunk;
    this.features = trunk === "pooled" ? 1024 : 512;
    let index = 0;
    let inputs = 3;
    const convolution = (
      name: string,
      outputs: number,
      { part, norm: normPart, bn = batchNorm }: { part: string; norm: string; bn?: boolean },
    ) => {
      const conv = this.part(
        part,
        new Conv2d(builder, [inputs, outputs], { kernel: 3, padding: 1 }),
      );
      const norm = bn ? this.part(normPart, new BatchNorm(builder, outputs)) : null;
      this.#layers.push({
        name,
        forward(x) {
          const y = conv.forward(x);
          return norm ? norm.forward(y, { relu: true }) : relu(y);
        },
      });
      inputs = outputs;
    };
    for (const [group, widths] of GROUPS.entries()) {
      if (group === 3) this.#firstOfSpg = index;
      for (const [i, outputs] of widths.entries()) {
        const parts = { part: `features.${index}`, norm: `features.${index + 1}` };
        convolution(`conv${group + 1}_${i + 1}`, outputs, parts);
        index += batchNorm ? 3 : 2;
      }
      const pooling = poolings[group];
      if (pooling) {
        this.#layers.push({ name: `pool${group + 1}`, forward: (x) => maxPool(x, pooling) });
        index++;
      }
    }
    if (trunk === "pooled") {
      convolution("conv6", this.features, { part: "conv6", norm: "bn6" });
    } else if (trunk === "acol") {
      this.#layers.push({ name: "average", forward: (x) => averagePool(x, SPREADING) });
    } else {
      for (const i of [0, 2]) {
        const parts = { part: `SPG_A_3.${i}`, norm: "", bn: false };
        convolution(`SPG_A_3.${i}`, this.features, parts);
      }
    }
    const b1 = largeFeatureMap ? "conv4_3" : "pool4";
    this.attachments = {
      adl: ["pool3", "conv4_3", "conv5_3"],
      spg: { places: [b1, "conv5_3"], sides: [512, 512], b: 512, c: 512 },
      acol: 1024,
    };
  }

  /** Pictures `[n, h, w, 3]` → features `[n, ~h/16, ~w/16, features]`; by 8 with a large map. */
  forward(x: Tensor, visit?: Visitor): Tensor {
    return inSequence(x, this.#layers, visit);
  }

  /** The official code's rule: `features.` learns at the base rate. */
  readonly isFeature = isVggFeature;

  /** The benchmark's is the same, but its SPG has the last six convolutions by other names. */
  isFeatureOfBenchmark(name: string): boolean {
    const index = Number(/^features\.(\d+)\./.exec(name)?.[1]);
    return isVggFeature(name) && !(this.#trunk === "spg" && index >= this.#firstOfSpg);
  }
}

/** The official code's substring rule of what learns at the base rate. */
export function isVggFeature(name: string): boolean {
  return name.includes("features.");
}

/**
 * Renames `features.N` to the backbone's numbers, in their order, where there are as many: leaving a
 * pooling out shifts those behind it.
 */
function alignFeatures(tensors: Tensors, places: Places): Tensors {
  const pattern = /^features\.(\d+)\./;
  const numbers = (names: Iterable<string>) => {
    const found = [...names].flatMap((name) => pattern.exec(name)?.[1] ?? []);
    return [...new Set(found.map(Number))].sort((a, b) => a - b);
  };
  const from = numbers(tensors.keys());
  const to = numbers(places.keys());
  if (from.length !== to.length) return tensors;
  const renamed = [...tensors].map(([name, tensor]): [string, StoredTensor] => {
    const place = to[from.indexOf(Number(pattern.exec(name)?.[1]))];
    return [place === undefined ? name : name.replace(pattern, `features.${place}.`), tensor];
  });
  return new Map(renamed);
}

const COMMON = {
  paperName: "VGG16",
  initialisation: "he-normal",
  initialisationOfAcol: "xavier-uniform",
  endsLinear: true,
  hasLargeMap: true,
  rename: alignFeatures,
} as const;

/** `vgg16`. */
export const vgg16: BackboneKind<"vgg16"> = {
  ...{ name: "vgg16", network: "vgg16", ...COMMON },
  build: (builder, options, trunk) => new Vgg16(builder, options, trunk),
  recognises: (tensors) => networkName(tensors) === "vgg16",
  // The numbers tell whether the fourth pooling is there.
  hasLargeMapIn: (tensors) => tensors.has("features.23.weight"),
};

/** `vgg16_bn`. */
export const vgg16Bn: BackboneKind<"vgg16_bn"> = {
  ...{ name: "vgg16_bn", network: "vgg16_bn", ...COMMON },
  build: (builder, options, trunk) => new Vgg16(builder, { ...options, batchNorm: true }, trunk),
  recognises: (tensors) => networkName(tensors) === "vgg16_bn",
  hasLargeMapIn: (tensors) => tensors.has("features.33.weight"),
};
