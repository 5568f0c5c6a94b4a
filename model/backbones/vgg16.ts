import { relu } from "../../engine/ops/elementwise.ts";
import { maxPool } from "../../engine/ops/pool.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { BatchNorm, Conv2d, inSequence } from "../layers.ts";
import type { StoredTensor } from "../../weights/host_tensor.ts";
import { type Builder, Module } from "../module.ts";
import type { Backbone, BackboneKind, BackboneOptions, Places, Tensors } from "./backbone.ts";
import { networkName } from "./network_name.ts";

/** Output channels of the 3×3 convolutions; a pooling ends each group but the last. */
const GROUPS = [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]] as const;

/**
 * VGG16 as in the official code: torchvision's `features` without the last pooling (and, with a
 * large feature map, without the fourth), then a 3×3 convolution `conv6` to 1024 channels. The
 * indices of `features.N` count poolings and ReLUs, as in torchvision, so that leaving a pooling
 * out shifts those behind it.
 */
export class Vgg16 extends Module implements Backbone {
  readonly features = 1024;
  #layers: ((x: Tensor) => Tensor)[] = [];

  /** @param options `batchNorm` (default false): torchvision's `vgg16_bn` */
  constructor(builder: Builder, options: BackboneOptions & { readonly batchNorm?: boolean } = {}) {
    super();
    const { largeFeatureMap = false, batchNorm = false } = options;
    const poolings = largeFeatureMap ? 3 : 4;
    let index = 0;
    let inputs = 3;
    const convolution = (outputs: number, convName: string, normName: string) => {
      const conv = this.part(
        convName,
        new Conv2d(builder, [inputs, outputs], { kernel: 3, padding: 1 }),
      );
      const norm = batchNorm ? this.part(normName, new BatchNorm(builder, outputs)) : null;
      this.#layers.push((x) => {
        const y = conv.forward(x);
        return norm ? norm.forward(y, { relu: true }) : relu(y);
      });
      inputs = outputs;
    };
    for (const [group, widths] of GROUPS.entries()) {
      for (const outputs of widths) {
        convolution(outputs, `features.${index}`, `features.${index + 1}`);
        index += batchNorm ? 3 : 2;
      }
      if (group < poolings) {
        this.#layers.push((x) => maxPool(x, { kernel: 2 }));
        index++;
      }
    }
    convolution(this.features, "conv6", "bn6");
  }

  /** Pictures `[n, h, w, 3]` → features `[n, ⌊h/16⌋, ⌊w/16⌋, 1024]`; by 8 with a large map. */
  forward(x: Tensor): Tensor {
    return inSequence(x, this.#layers);
  }

  /** The official code's rule: `features.` learns at the base rate. */
  readonly isFeature = isVggFeature;
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
  hasLargeMap: true,
  rename: alignFeatures,
} as const;

/** `vgg16`. */
export const vgg16: BackboneKind<"vgg16"> = {
  ...{ name: "vgg16", network: "vgg16", ...COMMON },
  build: (builder, options) => new Vgg16(builder, options),
  recognises: (tensors) => networkName(tensors) === "vgg16",
  // The numbers tell whether the fourth pooling is there.
  hasLargeMapIn: (tensors) => tensors.has("features.23.weight"),
};

/** `vgg16_bn`. */
export const vgg16Bn: BackboneKind<"vgg16_bn"> = {
  ...{ name: "vgg16_bn", network: "vgg16_bn", ...COMMON },
  build: (builder, options) => new Vgg16(builder, { ...options, batchNorm: true }),
  recognises: (tensors) => networkName(tensors) === "vgg16_bn",
  hasLargeMapIn: (tensors) => tensors.has("features.33.weight"),
};
