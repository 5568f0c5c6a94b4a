import { crossEntropy, selectLabel } from "../../engine/ops/cross_entropy.ts";
import { add, relu } from "../../engine/ops/elementwise.ts";
import { meanSpatial } from "../../engine/ops/reduce.ts";
import { scaleRows } from "../../engine/ops/scale_rows.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { Conv2d } from "../layers.ts";
import { type Builder, Module } from "../module.ts";
import type { Features, Head, HeadOptions, Outputs } from "./head.ts";
import { keepBelow } from "./keep_below.ts";

/** The benchmark's threshold of ACoL's erasing (its own paper has 0.6). */
export const ACOL_THRESHOLD = 0.7;

/** Two 3×3 convolutions with ReLU, and class logits by a 1×1 convolution. */
class ConvolutionalClassifier extends Module {
  #hidden: readonly Conv2d[];
  #last: Conv2d;

  constructor(builder: Builder, [inputs, width, classes]: readonly [number, number, number]) {
    super();
    const square = { kernel: 3, padding: 1 };
    this.#hidden = [
      this.part("0", new Conv2d(builder, [inputs, width], square)),
      this.part("2", new Conv2d(builder, [width, width], square)),
    ];
    this.#last = this.part("4", new Conv2d(builder, [width, classes], { kernel: 1 }));
  }

  forward(u: Tensor): Tensor {
    return this.#last.forward(this.#hidden.reduce((x, conv) => relu(conv.forward(x)), u));
  }
}

/**
 * ACoL (Zhang et al., 2018): classifier A sees the features u, classifier B what is left of them where
 * A's map of the class, scaled to [0, 1], is below a threshold, so that B has to find other parts.
 *
 *     u_B = u · [minmax(A_ŷ(u)) < threshold],   loss = CE(A(u)) + CE(B(u_B))
 *
 * Predictions are A's; the map is the larger of both classifiers' (`eval/maps/acol_map.ts`).
 */
export class AcolHead extends Module implements Head {
  readonly places = [];
  #a: ConvolutionalClassifier;
  #b: ConvolutionalClassifier;
  #threshold: number;

  /** @param channels of the features, width of the classifiers, number of classes */
  constructor(
    builder: Builder,
    channels: readonly [number, number, number],
    { threshold = ACOL_THRESHOLD }: { readonly threshold?: number },
  ) {
    super();
    this.#a = this.part("classifier_A", new ConvolutionalClassifier(builder, channels));
    this.#b = this.part("classifier_B", new ConvolutionalClassifier(builder, channels));
    this.#threshold = threshold;
  }

  forward({ u }: Features, { forMaps = false }: HeadOptions): Outputs {
    const keeps = u.gpu.recordsGradients && !forMaps;
    return { f: this.#a.forward(u), logH: null, ...(keeps && { forLoss: [u] }) };
  }

  /**
   * B's class logits of the features that A's map of a class leaves, `[n, h, w, classes]`.
   *
   * @param u the features
   * @param f A's class logits of them
   * @param labels the class of each picture
   */
  afterErasing(u: Tensor, f: Tensor, labels: Tensor): Tensor {
    const kept = u.gpu.withoutGradients(() =>
      keepBelow(selectLabel(f, labels), "minimum", this.#threshold)
    );
    return this.#b.forward(scaleRows(u, kept));
  }

  loss({ f, forLoss: [u] = [] }: Outputs, labels: Tensor): Tensor {
    const ofB = this.afterErasing(u, f, labels);
    return add(crossEntropy(meanSpatial(f), labels), crossEntropy(meanSpatial(ofB), labels));
  }
}
