import assert from "node:assert/strict";
import { backward } from "../../engine/autograd.ts";
import { batchNorm } from "../../engine/ops/batch_norm.ts";
import { conv2d } from "../../engine/ops/conv2d.ts";
import { crossEntropy } from "../../engine/ops/cross_entropy.ts";
import { relu, softplus } from "../../engine/ops/elementwise.ts";
import { averagePool, maxPool, type PoolOptions } from "../../engine/ops/pool.ts";
import { resizeBilinear } from "../../engine/ops/resize_bilinear.ts";
import { logSoftmax, softmax } from "../../engine/ops/softmax.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { gpuTest } from "../gpu.ts";
import { assertClose } from "../reference/check.ts";
import { readGolden, upload } from "../reference/golden.ts";

const golden = await readGolden("operations");

/** Roles that are no inputs of the operation itself. */
const OUTSIDE = /gradient$|^output$|^upstream$|_before$|_after$/;

/** How each case's operation is called; roles are those of make_goldens.py. */
const operations: Record<
  string,
  (t: Record<string, Tensor>, options: Record<string, unknown>) => Tensor
> = {
  conv2d: (t, o) => conv2d(t.x, t.weights, t.bias, o as Parameters<typeof conv2d>[3]),
  batchNorm: (t, { training, relu }) =>
    batchNorm(
      t.x,
      { weight: t.weight, bias: t.bias, runningMean: t.mean, runningVariance: t.variance },
      { training: training as boolean, relu: relu as boolean, residual: t.residual },
    ),
  maxPool: (t, o) => maxPool(t.x, o as unknown as PoolOptions),
  averagePool: (t, o) => averagePool(t.x, o as unknown as PoolOptions),
  resizeBilinear: (t, { size }) => resizeBilinear(t.x, size as [number, number]),
  softmax: ({ x }) => softmax(x),
  logSoftmax: ({ x }) => logSoftmax(x),
  softplus: ({ x }) => softplus(x),
  relu: ({ x }) => relu(x),
  crossEntropy: ({ logits, labels }) => crossEntropy(logits, labels),
};

for (const [name, { operation, ...options }] of Object.entries(golden.cases)) {
  gpuTest(`PyTorch: ${name}`, async (gpu) => {
    const roles = golden.names(`${name}/`)
      .map((full) => full.slice(name.length + 1))
      .filter((role) => !OUTSIDE.test(role));
    const tensors: Record<string, Tensor> = {};
    for (const role of roles) {
      const type = role === "labels" ? "u32" : "f32";
      tensors[role] = upload(gpu, golden.tensor(`${name}/${role}`), type);
      if (golden.has(`${name}/${role}.gradient`)) tensors[role].asParameter();
    }
    if (operation === "batchNorm") {
      tensors.mean = upload(gpu, golden.tensor(`${name}/mean_before`));
      tensors.variance = upload(gpu, golden.tensor(`${name}/variance_before`));
    }
    const output = gpu.scope(() => {
      const result = operations[operation as string](tensors, options).keep();
      backward(result, upload(gpu, golden.tensor(`${name}/upstream`)));
      return result;
    });
    const expected = golden.tensor(`${name}/output`);
    assert.deepEqual(output.shape, expected.shape);
    // Both sides are float32 and add in different orders: a few units in the last place.
    assertClose(await output.read(), expected.data, 4e-6, "output");
    for (const role of roles.filter((role) => tensors[role].requiresGradient)) {
      const gradient = golden.tensor(`${name}/${role}.gradient`);
      assertClose(await tensors[role].gradient!.read(), gradient.data, 8e-6, `gradient of ${role}`);
    }
    for (const [role, after] of [["mean", "mean_after"], ["variance", "variance_after"]]) {
      if (!golden.has(`${name}/${after}`)) continue;
      assertClose(await tensors[role].read(), golden.tensor(`${name}/${after}`).data, 2e-6, after);
    }
    for (const tensor of [output, ...Object.values(tensors)]) tensor.dispose();
  });
}
