import { record } from "../../engine/autograd.ts";
import { Kernel } from "../../engine/kernel.ts";
import { Tensor } from "../../engine/tensor.ts";
import source from "../../shaders/calm_location.wgsl" with { type: "text" };
import gradientSource from "../../shaders/calm_location_gradient.wgsl" with { type: "text" };

/** How location logits become non-negative: the paper's softplus or the official code's ReLU. */
export const PRIORS = ["relu", "softplus"] as const;

/** One of `PRIORS`. */
export type Prior = typeof PRIORS[number];

/** The prior branch's options. */
export interface LocationOptions {
  /** How location logits become non-negative. */
  readonly prior: Prior;
  /**
   * Keep the sum in the l1 normalisation out of the gradient, as the official code does (the
   * paper does not).
   */
  readonly detachNormaliser: boolean;
}

/**
 * The prior that models are trained with unless something else is asked for: the official code's. In
 * the paper's own form the normalisation has a gradient, by which places compete until one or two
 * have all the probability; docs/evaluation.md has the measurements of all four combinations.
 */
export const DEFAULT_LOCATION: LocationOptions = {
  prior: "relu",
  detachNormaliser: true,
};

/**
 * log p(z|x), the location distribution (paper §4.1.1): `h = prior(a) / Σ_z prior(a_z)`.
 *
 * @param a location logits, `[n, h, w, 1]`
 * @returns log h, `[n, h, w, 1]`; −10,000 where a ReLU prior gives probability 0. A picture whose
 * ReLU prior is zero everywhere gets the uniform distribution.
 */
export function logLocation(a: Tensor, { prior, detachNormaliser }: LocationOptions): Tensor {
  if (a.shape.length !== 4 || a.channels !== 1) {
    throw new RangeError(`Location logits are [n, h, w, 1], not [${a.shape}]`);
  }
  const [batch, height, width] = a.shape;
  const parameters = { locations: height * width };
  const RELU = prior === "relu" ? 1 : 0;
  const logH = Tensor.empty(a.gpu, a.shape);
  a.gpu.run(new Kernel("calm_location", source, { RELU }), {
    buffers: [a.buffer, logH.buffer],
    parameters,
    workgroups: [batch],
  });
  return record(logH, "logLocation", [a], (gradient) => {
    const back = Tensor.empty(a.gpu, a.shape);
    const DETACHED = detachNormaliser ? 1 : 0;
    a.gpu.run(new Kernel("calm_location_gradient", gradientSource, { RELU, DETACHED }), {
      buffers: [a.buffer, logH.buffer, gradient.buffer, back.buffer],
      parameters,
      workgroups: [batch],
    });
    return [back];
  });
}
