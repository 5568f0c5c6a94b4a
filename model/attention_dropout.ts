import { affine, sigmoid } from "../engine/ops/elementwise.ts";
import { sumChannels } from "../engine/ops/reduce.ts";
import { scaleRows } from "../engine/ops/scale_rows.ts";
import type { Tensor } from "../engine/tensor.ts";
import { keepBelow } from "./heads/keep_below.ts";
import { DrawingLayer } from "./layers.ts";

/** How ADL hides features. */
export interface AdlOptions {
  /** Probability that a forward pass hides the strongest places rather than stressing them. */
  readonly rate: number;
  /** Share of a picture's largest attention from which on a place is hidden. */
  readonly threshold: number;
}

/** The benchmark's defaults. */
export const ADL: AdlOptions = { rate: 0.75, threshold: 0.9 };

/**
 * ADL, attention-based dropout (Choe and Shim, 2019): with a the mean of a location's channels, a
 * training pass multiplies features by one of
 *
 *     the drop mask  [a < threshold · max a],  with probability `rate`,   or the importance  σ(a).
 *
 * One draw for each pass, the same for the whole batch; gradients flow through the importance. It has
 * no parameters and is the identity when a model is not trained.
 */
export class AttentionDropout extends DrawingLayer {
  #options: AdlOptions;

  /** @param place tells the layers of a network apart */
  constructor(place: number, options: AdlOptions) {
    super(place);
    this.#options = options;
  }

  /** `[n, h, w, c]`, as u. */
  forward(u: Tensor): Tensor {
    if (!this.training) return u;
    return this.apply(u, this.draw().chance(this.#options.rate) ? "drop" : "stress");
  }

  /** One of both branches. */
  apply(u: Tensor, branch: "drop" | "stress"): Tensor {
    const attention = () => affine(sumChannels(u), { scale: 1 / u.channels });
    if (branch === "stress") return scaleRows(u, sigmoid(attention()));
    const kept = u.gpu.withoutGradients(() =>
      keepBelow(attention(), "zero", this.#options.threshold)
    );
    return scaleRows(u, kept);
  }
}
