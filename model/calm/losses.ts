import { record } from "../../engine/autograd.ts";
import { Kernel } from "../../engine/kernel.ts";
import { Tensor } from "../../engine/tensor.ts";
import source from "../../shaders/calm_posterior.wgsl" with { type: "text" };
import gradientSource from "../../shaders/calm_posterior_gradient.wgsl" with { type: "text" };

const marginalKernel = new Kernel("calm_posterior", source, { EM: 0 });
const gradientKernel = new Kernel("calm_posterior_gradient", gradientSource);

/** What the official code adds to the denominator of the posterior. */
export const OFFICIAL_EPSILON = 1e-10;

/** Options of `expectationLoss`. */
export interface ExpectationOptions {
  /** log p_θ'(ŷ,z|x), `[n, h, w, 1]`; default: θ' = θ. */
  readonly target?: Tensor;
  /**
   * ε in the posterior p(ŷ,z|x) / (p(ŷ|x) + ε): 0, the default, is the paper's; the official code
   * has `OFFICIAL_EPSILON`. Pictures whose label the model holds for less likely than ε then add
   * nothing to loss and gradient.
   */
  readonly epsilon?: number;
}

/**
 * CALM_ML (paper eq. 3–4): −log p(ŷ|x) = −log Σ_z g_ŷz · h_z for each picture.
 *
 * @param logJoint log p(ŷ,z|x) from `labelLogJoint`, `[n, h, w, 1]`
 * @returns `[n, 1]`
 */
export function marginalLoss(logJoint: Tensor): Tensor {
  return posteriorLoss(logJoint, logJoint, { kernel: marginalKernel, operation: "marginalLoss" });
}

/**
 * CALM_EM (paper eq. 5–6): −Σ_z q_z · log p(ŷ,z|x) for each picture, an upper bound of the
 * marginal loss. The pseudo-target `q_z = p_θ'(z|x,ŷ)` is a constant: no gradient flows into it.
 *
 * With θ' = θ (the default, and the paper's practice) and ε = 0 the gradient of this loss **equals**
 * the gradient of the marginal loss: ∇ −log Σ_z p_z = −Σ_z (p_z / Σ_l p_l) ∇ log p_z. The two methods
 * then differ in the value of the loss (by the entropy of q), not in what is learnt; they part
 * when θ' is another set of parameters, such as a moving average of θ, or with an ε.
 *
 * @param logJoint log p_θ(ŷ,z|x) from `labelLogJoint`, `[n, h, w, 1]`
 * @returns `[n, 1]`
 */
export function expectationLoss(
  logJoint: Tensor,
  { target = logJoint, epsilon = 0 }: ExpectationOptions = {},
): Tensor {
  const kernel = new Kernel("calm_posterior", source, { EM: 1, EPSILON: epsilon });
  return posteriorLoss(logJoint, target, { kernel, operation: "expectationLoss" });
}

/** Both losses have the gradient −q_z with respect to log p(ŷ,z|x). */
function posteriorLoss(
  logJoint: Tensor,
  target: Tensor,
  { kernel, operation }: { readonly kernel: Kernel; readonly operation: string },
): Tensor {
  const { gpu } = logJoint;
  const [batch, height, width] = logJoint.shape;
  const parameters = { locations: height * width };
  const posterior = Tensor.empty(gpu, logJoint.shape);
  const loss = Tensor.empty(gpu, [batch, 1]);
  gpu.run(kernel, {
    buffers: [logJoint, target, posterior, loss].map((t) => t.buffer),
    parameters,
    workgroups: [batch],
  });
  record(loss, operation, [logJoint], (gradient) => {
    const back = Tensor.empty(gpu, logJoint.shape);
    gpu.run(gradientKernel, {
      buffers: [posterior, gradient, back].map((t) => t.buffer),
      parameters,
      workgroups: [batch],
    });
    posterior.dispose();
    return [back];
  });
  if (!loss.node) posterior.dispose();
  return loss;
}
