import { selectLabel } from "../../engine/ops/cross_entropy.ts";
import { add, affine, relu, sigmoid } from "../../engine/ops/elementwise.ts";
import { resizeBilinear } from "../../engine/ops/resize_bilinear.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { Conv2d } from "../layers.ts";
import { type Builder, Module } from "../module.ts";
import {
  type Features,
  type Head,
  type HeadOptions,
  negativeLogLikelihood,
  type Outputs,
} from "./head.ts";
import { type Cuts, pixelLabels, pixelLoss } from "./pixel_labels.ts";

/** Cuts of the maps that teach branch B2, branch B1 and branch C. */
export type SpgCuts = readonly [Cuts, Cuts, Cuts];

/** The benchmark's defaults (the method's own paper has 0.05 for the first low one). */
export const SPG_CUTS: SpgCuts = [
  { high: 0.7, low: 0.01 },
  { high: 0.5, low: 0.05 },
  { high: 0.7, low: 0.1 },
];

/** A 3×3 convolution with ReLU, and a 1×1 convolution to one channel where the branch ends. */
class Branch extends Module {
  #conv: Conv2d;
  #last: Conv2d | null;

  constructor(builder: Builder, channels: readonly [number, number], { ends }: {
    readonly ends: boolean;
  }) {
    super();
    this.#conv = this.part("0", new Conv2d(builder, channels, { kernel: 3, padding: 1 }));
    this.#last = ends ? this.part("2", new Conv2d(builder, [channels[1], 1], { kernel: 1 })) : null;
  }

  forward(x: Tensor): Tensor {
    const hidden = relu(this.#conv.forward(x));
    return this.#last ? this.#last.forward(hidden) : hidden;
  }
}

/** Channels of SPG's layers. */
export interface SpgChannels {
  /** Of the last features. */
  readonly features: number;
  /** Of the features that the branches B1 and B2 begin at. */
  readonly sides: readonly [number, number];
  /** Within both branches. */
  readonly b: number;
  /** Within branch C. */
  readonly c: number;
  readonly classes: number;
}

/**
 * SPG, self-produced guidance (Zhang et al., 2018): class logits of each location, pooled; and
 * three branches that learn which pixels are the object's, each from what another is sure of. With
 * maps scaled up to the pictures' size, all targets constants:
 *
 *     loss = CE + BCE(B2, labels of minmax(f_ŷ)) + BCE(B1, labels of σ(B2))
 *               + BCE(C, labels of (σ(B1) + σ(B2)) / 2)
 *
 * The branches guide the training of the features; the map is f_ŷ.
 */
export class SpgHead extends Module implements Head {
  readonly places: readonly [string, string];
  #classes: Conv2d;
  #b1: Branch;
  #b2: Branch;
  #shared: Branch;
  #c: Branch;
  #cuts: SpgCuts;

  /** @param options `places` of the backbone that B1 and B2 begin at */
  constructor(
    builder: Builder,
    channels: SpgChannels,
    { places, cuts = SPG_CUTS }: {
      readonly places: readonly [string, string];
      readonly cuts?: SpgCuts;
    },
  ) {
    super();
    const { features, sides, b, c, classes } = channels;
    this.places = places;
    this.#cuts = cuts;
    this.#classes = this.part("SPG_A4", new Conv2d(builder, [features, classes], { kernel: 1 }));
    const branch = (name: string, channels: readonly [number, number], ends: boolean) =>
      this.part(`SPG_${name}`, new Branch(builder, channels, { ends }));
    this.#b1 = branch("B_1a", [sides[0], b], false);
    this.#b2 = branch("B_2a", [sides[1], b], false);
    this.#shared = branch("B_shared", [b, b], true);
    this.#c = branch("C", [features, c], true);
  }

  forward({ u, sides, extent }: Features, { forMaps = false }: HeadOptions): Outputs {
    const f = this.#classes.forward(u);
    if (forMaps || !u.gpu.recordsGradients) return { f, logH: null };
    const [b1, b2] = [this.#b1.forward(sides[0]), this.#b2.forward(sides[1])];
    const logits = [this.#shared.forward(b1), this.#shared.forward(b2), this.#c.forward(u)];
    return { f, logH: null, forLoss: logits.map((x) => resizeBilinear(x, extent)) };
  }

  loss(outputs: Outputs, labels: Tensor): Tensor {
    const { f, forLoss = [] } = outputs;
    const [b1, b2, c] = forLoss;
    const [, height, width] = b1.shape;
    const [ofMap, ofB2, ofBoth] = f.gpu.withoutGradients(() => {
      const [sure1, sure2] = [sigmoid(b1), sigmoid(b2)];
      const map = resizeBilinear(selectLabel(f, labels), [height, width]);
      const fused = affine(add(sure1, sure2), { scale: 0.5 });
      return [
        pixelLabels(map, this.#cuts[0], { scaled: true }),
        pixelLabels(sure2, this.#cuts[1], { scaled: false }),
        pixelLabels(fused, this.#cuts[2], { scaled: false }),
      ];
    });
    const guidance = [pixelLoss(b2, ofMap), pixelLoss(b1, ofB2), pixelLoss(c, ofBoth)];
    return guidance.reduce(add, negativeLogLikelihood(outputs, labels));
  }
}
