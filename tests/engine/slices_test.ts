import assert from "node:assert/strict";
import { backward } from "../../engine/autograd.ts";
import type { Gpu } from "../../engine/gpu.ts";
import { batchNorm } from "../../engine/ops/batch_norm.ts";
import { concat } from "../../engine/ops/concat.ts";
import { conv2d } from "../../engine/ops/conv2d.ts";
import { multiply, softplus } from "../../engine/ops/elementwise.ts";
import { averagePool, maxPool } from "../../engine/ops/pool.ts";
import { meanSpatial, sum, sumChannels } from "../../engine/ops/reduce.ts";
import { resizeBilinear } from "../../engine/ops/resize_bilinear.ts";
import { logSoftmax } from "../../engine/ops/softmax.ts";
import { slicesOf } from "../../engine/slices.ts";
import { Tensor } from "../../engine/tensor.ts";
import type { Work } from "../../engine/tuning.ts";
import { classProbabilities, jointMap, labelLogJoint } from "../../model/calm/joint.ts";
import { logLocation } from "../../model/calm/location.ts";
import { gpuTest } from "../gpu.ts";
import { random } from "../reference/array.ts";
import { PAPER_LOCATION } from "../reference/calm.ts";
import { assertClose } from "../reference/check.ts";
import { withVariants } from "../variants.ts";

/** A batch of pictures: 9 · 8 · 6 · 8 elements, 13,824 bytes. */
const X = random(1, [9, 8, 6, 8]);
const OPERATIONS: Record<string, (x: Tensor, parameter: (shape: number[]) => Tensor) => Tensor> = {
  softplus,
  multiply: (x) => multiply(x, softplus(x)),
  logSoftmax,
  sumChannels,
  meanSpatial,
  sum,
  maxPool: (x) => maxPool(x, { kernel: 3, stride: 2, padding: 1 }),
  averagePool: (x) => averagePool(x, { kernel: 2 }),
  concat: (x) => concat([x, softplus(x)]),
  resizeBilinear: (x) => resizeBilinear(x, [5, 11]),
  conv2d: (x, parameter) =>
    conv2d(x, parameter([3, 3, 8, 5]), parameter([5]), { padding: 1, stride: 2 }),
  "conv2d, pointwise": (x, parameter) => conv2d(x, parameter([1, 1, 8, 12])),
  batchNorm: (x, parameter) =>
    batchNorm(x, state(x.gpu, parameter), { training: true, relu: true }),
  "batchNorm with residual": (x, parameter) =>
    batchNorm(x, state(x.gpu, parameter), { training: true, relu: true, residual: softplus(x) }),
  "CALM's joint": (x, parameter) =>
    jointMap(x, logLocation(conv2d(x, parameter([1, 1, 8, 1])), PAPER_LOCATION)),
  "CALM's class probabilities": (x, parameter) =>
    classProbabilities(x, logLocation(conv2d(x, parameter([1, 1, 8, 1])), PAPER_LOCATION)),
  "CALM's label": (x, parameter) => {
    const labels = Tensor.from(x.gpu, [0, 1, 2, 3, 4, 5, 6, 7, 0], [9], "u32");
    return labelLogJoint(
      x,
      logLocation(conv2d(x, parameter([1, 1, 8, 1])), PAPER_LOCATION),
      labels,
    );
  },
};

for (const [name, operation] of Object.entries(OPERATIONS)) {
  for (const variant of name.startsWith("conv2d") ? [0, 1] : [0]) {
    const title = variant ? `${name}, second variant` : name;
    gpuTest(`${title}: the same in slices of the batch as in one piece`, async (gpu) => {
      const pick = ({ family }: Work) => family.variants[variant].name;
      await withVariants(gpu, pick, async () => {
        const whole = await run(gpu, operation);
        const before = gpu.bindingLimit;
        try {
          // Two to eight pictures: the operations above have tensors of 13 to 55 kB.
          gpu.bindingLimit = 13_000;
          const x = Tensor.from(gpu, X.data, X.shape);
          assert.ok(slicesOf(gpu, [x]).length > 1);
          x.dispose();
          const sliced = await run(gpu, operation);
          assert.deepEqual(Object.keys(sliced), Object.keys(whole));
          for (const key of Object.keys(whole)) {
            // Only the order of sums over the batch differs.
            assertClose(sliced[key], whole[key], 4e-6, key);
          }
        } finally {
          gpu.bindingLimit = before;
        }
      });
    });
  }
}

gpuTest("a tensor larger than a binding of the adapter is convolved in slices", async (gpu) => {
  // The first layer of ResNet50: 50 pictures give 153 MiB where 128 can be bound, on this adapter.
  const limit = gpu.device.limits.maxStorageBufferBindingSize;
  if (limit > 2 ** 28) return;
  const pictures = Math.ceil(1.2 * limit / (112 * 112 * 64 * 4));
  const one = random(3, [1, 224, 224, 3]);
  const y = gpu.scope(() => {
    const x = Tensor.zeros(gpu, [pictures, 224, 224, 3]);
    const last = x.slice({ from: pictures - 1, count: 1 });
    last.write(one.data);
    const w = random(4, [7, 7, 3, 64]);
    return conv2d(x, Tensor.from(gpu, w.data, w.shape), null, { stride: 2, padding: 3 });
  });
  assert.ok(y.bytes > limit);
  const read = async (from: number) => {
    const slice = y.slice({ from, count: 1 });
    const data = await slice.read();
    slice.dispose();
    return data;
  };
  assert.ok((await read(pictures - 2)).every((value) => value === 0));
  const expected = gpu.scope(() => {
    const w = random(4, [7, 7, 3, 64]);
    const x = Tensor.from(gpu, one.data, one.shape);
    return conv2d(x, Tensor.from(gpu, w.data, w.shape), null, { stride: 2, padding: 3 });
  });
  assert.deepEqual(await read(pictures - 1), await expected.read());
  y.dispose();
  expected.dispose();
});

gpuTest("a picture that does not fit a binding is refused by its size", (gpu) => {
  const before = gpu.bindingLimit;
  const x = Tensor.zeros(gpu, [2, 8, 8, 64]);
  try {
    gpu.bindingLimit = 1000;
    assert.throws(
      () => gpu.scope(() => softplus(x)),
      /One picture needs 0\.02 MiB in one tensor, but a binding/,
    );
  } finally {
    gpu.bindingLimit = before;
    x.dispose();
  }
});

/** Output and gradients of an operation. */
async function run(gpu: Gpu, operation: typeof OPERATIONS[string]) {
  const parameters: Tensor[] = [];
  const x = Tensor.from(gpu, X.data, X.shape).asParameter();
  const output = gpu.scope(() => {
    const y = operation(x, (shape) => {
      const { data } = random(10 + parameters.length, shape);
      const parameter = Tensor.from(gpu, data, shape).asParameter();
      parameters.push(parameter);
      return parameter;
    }).keep();
    const upstream = random(5, [...y.shape]);
    if (y.node) backward(y, Tensor.from(gpu, upstream.data, y.shape));
    return y;
  });
  const results: Record<string, Float32Array> = { output: await output.read() };
  for (const [i, tensor] of [x, ...parameters].entries()) {
    if (tensor.gradient) results[`gradient ${i}`] = await tensor.gradient.read();
    tensor.dispose();
  }
  output.dispose();
  return results;
}

function state(gpu: Gpu, parameter: (shape: number[]) => Tensor) {
  return {
    weight: parameter([8]),
    bias: parameter([8]),
    runningMean: Tensor.zeros(gpu, [8]),
    runningVariance: Tensor.zeros(gpu, [8]),
  };
}
