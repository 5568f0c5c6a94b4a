import { record } from "../../engine/autograd.ts";
import { Kernel, linear } from "../../engine/kernel.ts";
import { bySlices } from "../../engine/slices.ts";
import { Tensor } from "../../engine/tensor.ts";
import jointSource from "../../shaders/calm_joint.wgsl" with { type: "text" };
import jointGradientSource from "../../shaders/calm_joint_gradient.wgsl" with { type: "text" };
import labelSource from "../../shaders/calm_label.wgsl" with { type: "text" };
import probabilitiesSource from "../../shaders/calm_probabilities.wgsl" with { type: "text" };
import logSumExpSource from "../../shaders/log_sum_exp.wgsl" with { type: "text" };

const jointKernel = new Kernel("calm_joint", jointSource);
const jointGradientKernel = new Kernel("calm_joint_gradient", jointGradientSource);
const labelKernel = new Kernel("calm_label", labelSource, { GRADIENT: 0 });
const labelGradientKernel = new Kernel("calm_label", labelSource, { GRADIENT: 1 });
const probabilitiesKernel = new Kernel("calm_probabilities", probabilitiesSource);
const logSumExpKernel = new Kernel("log_sum_exp", logSumExpSource);

/**
 * The joint map p(y,z|x) = softmax_y(f)_yz · h_z (paper §4.1.1). The slice of class ŷ is the
 * attribution map s_z of eq. 7; the sum over z is p(y|x), the sum over y is p(z|x).
 *
 * @param f class logits, `[n, h, w, classes]`
 * @param logH log p(z|x) from `logLocation`, `[n, h, w, 1]`
 * @returns `[n, h, w, classes]`
 */
export function jointMap(f: Tensor, logH: Tensor): Tensor {
  check(f, logH);
  const run = (kernel: Kernel, tensors: readonly Tensor[]) =>
    bySlices(f.gpu, tensors, (parts) => {
      const [{ rows, channels, pitch }] = parts;
      f.gpu.run(kernel, {
        buffers: parts.map((t) => t.buffer),
        parameters: { rows, channels, pitch: pitch / 4 },
        workgroups: linear(rows),
      });
    });
  const joint = Tensor.empty(f.gpu, f.shape);
  run(jointKernel, [f, logH, joint]);
  return record(joint, "jointMap", [f, logH], (gradient) => {
    const fGradient = Tensor.empty(f.gpu, f.shape);
    const logHGradient = Tensor.empty(f.gpu, logH.shape);
    run(jointGradientKernel, [f, joint, gradient, fGradient, logHGradient]);
    return [fGradient, logHGradient];
  });
}

/**
 * log p(ŷ,z|x) for the label ŷ of each picture: what both training losses are made of. Nothing
 * larger than one number for each location is stored.
 *
 * @param f class logits, `[n, h, w, classes]`
 * @param logH log p(z|x), `[n, h, w, 1]`
 * @param labels `[n]`, u32
 * @returns `[n, h, w, 1]`
 */
export function labelLogJoint(f: Tensor, logH: Tensor, labels: Tensor): Tensor {
  check(f, logH);
  const [batch, height, width] = f.shape;
  if (labels.type !== "u32" || labels.size !== batch) {
    throw new RangeError(
      `A batch of ${batch} needs as many u32 labels, not ${labels.type} [${labels.shape}]`,
    );
  }
  const run = (kernel: Kernel, tensors: readonly [Tensor, Tensor, Tensor]) =>
    bySlices(f.gpu, tensors, ([f, rowInput, out], { from }) =>
      f.gpu.run(kernel, {
        buffers: [f, rowInput, labels, out].map((t) => t.buffer),
        parameters: {
          rows: f.rows,
          channels: f.channels,
          pitch: f.pitch / 4,
          locations: height * width,
          first: from,
        },
        workgroups: linear(f.rows),
      }));
  const out = Tensor.empty(f.gpu, logH.shape);
  run(labelKernel, [f, logH, out]);
  return record(out, "labelLogJoint", [f, logH], (gradient) => {
    const fGradient = Tensor.empty(f.gpu, f.shape);
    run(labelGradientKernel, [f, gradient, fGradient]);
    return [fGradient, gradient.share()];
  });
}

/**
 * p(y|x) = Σ_z p(y,z|x) (paper §4.1) without storing the joint map. Not differentiable: use
 * `labelLogJoint` and `marginalLoss`, or `sumSpatial(jointMap(…))`, where a gradient is wanted.
 *
 * @returns `[n, classes]`
 */
export function classProbabilities(f: Tensor, logH: Tensor): Tensor {
  check(f, logH);
  const { gpu } = f;
  const [batch, height, width, classes] = f.shape;
  const normaliser = Tensor.empty(gpu, logH.shape);
  const out = Tensor.empty(gpu, [batch, classes]);
  bySlices(gpu, [f, logH, normaliser, out], ([f, logH, normaliser, out], { count }) => {
    gpu.run(logSumExpKernel, {
      buffers: [f.buffer, normaliser.buffer],
      parameters: { rows: f.rows, channels: classes, pitch: f.pitch / 4 },
      workgroups: linear(f.rows),
    });
    gpu.run(probabilitiesKernel, {
      buffers: [f, logH, normaliser, out].map((t) => t.buffer),
      parameters: {
        batch: count,
        locations: height * width,
        channels: classes,
        pitch: f.pitch / 4,
      },
      workgroups: linear(out.vectors),
    });
  });
  normaliser.dispose();
  return out;
}

function check(f: Tensor, logH: Tensor): void {
  if (f.shape.length !== 4 || logH.shape.join() !== [...f.shape.slice(0, 3), 1].join()) {
    throw new RangeError(
      `The joint takes class logits [n, h, w, classes] and locations [n, h, w, 1], ` +
        `not [${f.shape}] and [${logH.shape}]`,
    );
  }
}
