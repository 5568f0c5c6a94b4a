import assert from "node:assert/strict";
import { backward } from "../../engine/autograd.ts";
import type { Gpu } from "../../engine/gpu.ts";
import { batchNorm } from "../../engine/ops/batch_norm.ts";
import { concat } from "../../engine/ops/concat.ts";
import { conv2d } from "../../engine/ops/conv2d.ts";
import { crossEntropy } from "../../engine/ops/cross_entropy.ts";
import * as elementwise from "../../engine/ops/elementwise.ts";
import { averagePool, maxPool } from "../../engine/ops/pool.ts";
import { mean, meanSpatial, sum, sumChannels, sumSpatial } from "../../engine/ops/reduce.ts";
import { resizeBilinear } from "../../engine/ops/resize_bilinear.ts";
import { logSoftmax, softmax } from "../../engine/ops/softmax.ts";
import { Tensor } from "../../engine/tensor.ts";
import { classProbabilities, jointMap, labelLogJoint } from "../../model/calm/joint.ts";
import { logLocation } from "../../model/calm/location.ts";
import { expectationLoss, marginalLoss } from "../../model/calm/losses.ts";
import { gpuTest } from "../gpu.ts";
import { withVariants } from "../variants.ts";
import { PAPER_LOCATION } from "../reference/calm.ts";

/** Two pictures of 4 × 4 cells with 3 channels; the first has a NaN in the channel 1 of a cell. */
const SHAPE = [2, 4, 4, 3];
const AT = (1 * 4 + 2) * 3 + 1;

type Operation = (gpu: Gpu, x: Tensor, plain: Tensor) => Tensor;

const ones = (gpu: Gpu, ...shape: number[]) =>
  Tensor.from(gpu, new Float32Array(shape.reduce((a, b) => a * b)).fill(0.5), shape);
const labels = (gpu: Gpu) => Tensor.from(gpu, [1, 0], [2], "u32");
const normalised = (training: boolean, withResidual: boolean): Operation => (gpu, x, plain) =>
  batchNorm(x, {
    weight: ones(gpu, 3),
    bias: ones(gpu, 3),
    runningMean: ones(gpu, 3),
    runningVariance: ones(gpu, 3),
  }, { training, relu: true, residual: withResidual ? plain : undefined });

/** Operations on one picture at a time, by name. */
const OPERATIONS: Record<string, Operation> = {
  "relu": (_, x) => elementwise.relu(x),
  "exp": (_, x) => elementwise.exp(x),
  "log": (_, x) => elementwise.log(x),
  "softplus": (_, x) => elementwise.softplus(x),
  "affine": (_, x) => elementwise.affine(x, { scale: 2, shift: 1 }),
  "add": (_, x, plain) => elementwise.add(plain, x),
  "multiply": (_, x, plain) => elementwise.multiply(x, plain),
  "divide": (_, x, plain) => elementwise.divide(plain, x),
  "softmax": (_, x) => softmax(x),
  "log-softmax": (_, x) => logSoftmax(x),
  "batch norm, inference": normalised(false, false),
  "batch norm with residual, inference": normalised(false, true),
  "max pool": (_, x) => maxPool(x, { kernel: 3, stride: 2, padding: 1 }),
  "average pool": (_, x) => averagePool(x, { kernel: 3, stride: 1, padding: 1 }),
  "mean over places": (_, x) => meanSpatial(x),
  "sum over places": (_, x) => sumSpatial(x),
  "sum over channels": (_, x) => sumChannels(x),
  "resize": (_, x) => resizeBilinear(x, [7, 9]),
  "concat": (_, x, plain) => concat([plain, x]),
  "convolution": (gpu, x) => conv2d(x, ones(gpu, 3, 3, 3, 5), null, { padding: [1, 1] }),
  "log p(z|x), softplus": (gpu, x) =>
    logLocation(conv2d(x, ones(gpu, 1, 1, 3, 1), null), PAPER_LOCATION),
  "log p(z|x), ReLU": (gpu, x) =>
    logLocation(conv2d(x, ones(gpu, 1, 1, 3, 1), null), { ...PAPER_LOCATION, prior: "relu" }),
  "joint map of class logits": (gpu, x) => jointMap(x, ones(gpu, 2, 4, 4, 1)),
  "joint map of locations": (_, x, plain) => jointMap(plain, sumChannels(x)),
  "p(y|x) of class logits": (gpu, x) => classProbabilities(x, ones(gpu, 2, 4, 4, 1)),
  "p(y|x) of locations": (_, x, plain) => classProbabilities(plain, sumChannels(x)),
  "log p(ŷ,z|x)": (gpu, x) => labelLogJoint(x, ones(gpu, 2, 4, 4, 1), labels(gpu)),
  "ML loss": (gpu, x) => marginalLoss(labelLogJoint(x, ones(gpu, 2, 4, 4, 1), labels(gpu))),
  "EM loss": (gpu, x) => expectationLoss(labelLogJoint(x, ones(gpu, 2, 4, 4, 1), labels(gpu))),
};

for (const [name, operation] of Object.entries(OPERATIONS)) {
  gpuTest(`NaN is passed on, and to nothing else: ${name}`, async (gpu) => {
    const [first, second] = await halves(gpu, operation);
    assert.ok(first.some(Number.isNaN), "the picture with NaN");
    assert.ok(second.every(Number.isFinite), `the other picture: ${second.slice(0, 8)}`);
  });
}

// What both pictures go into.
const TOGETHER: Record<string, Operation> = {
  "batch norm, training": normalised(true, false),
  "batch norm with residual, training": normalised(true, true),
  "mean": (_, x) => mean(x),
  "sum": (_, x) => sum(x),
  "cross-entropy": (gpu, x) => crossEntropy(meanSpatial(x), labels(gpu)),
};

for (const [name, operation] of Object.entries(TOGETHER)) {
  gpuTest(`NaN is passed on: ${name}`, async (gpu) => {
    assert.ok((await halves(gpu, operation)).some((half) => half.some(Number.isNaN)));
  });
}

for (const position of [0, 1]) {
  gpuTest(
    `NaN in pictures or weights reaches every product of a convolution, variant ${position}`,
    async (gpu) => {
      await withVariants(gpu, ({ family }) => family.variants[position].name, async () => {
        for (const broken of ["x", "weights"]) {
          const x = Tensor.from(gpu, values(2 * 48, broken === "x" ? 7 : -1), SHAPE).asParameter();
          const weights = Tensor.from(gpu, values(135, broken === "x" ? -1 : 7), [3, 3, 3, 5])
            .asParameter();
          const squares = (y: Tensor) => sum(elementwise.multiply(y, y));
          const total = gpu.scope(() => {
            const total = squares(elementwise.relu(conv2d(x, weights, null, { padding: [1, 1] })));
            backward(total);
            return total;
          });
          const found = { total, "∂x": x.gradient!, "∂weights": weights.gradient! };
          for (const [what, tensor] of Object.entries(found)) {
            assert.ok((await tensor.read()).some(Number.isNaN), `${what}, with NaN in ${broken}`);
          }
          total.dispose();
          for (const parameter of [x, weights]) parameter.dispose();
        }
      });
    },
  );
}

/** The numbers of an operation's result that belong to each picture. */
async function halves(gpu: Gpu, operation: Operation): Promise<number[][]> {
  const out = gpu.scope(() =>
    operation(gpu, Tensor.from(gpu, values(96, AT), SHAPE), Tensor.from(gpu, values(96, -1), SHAPE))
  );
  const numbers = [...await out.read()];
  out.dispose();
  return [numbers.slice(0, numbers.length / 2), numbers.slice(numbers.length / 2)];
}

/** Positive numbers with a NaN at a place. */
function values(count: number, at: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, i) => i === at ? NaN : 0.25 + (i * 7 % 11) / 8);
}
