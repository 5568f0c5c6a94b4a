import { batchNorm } from "../../engine/ops/batch_norm.ts";
import { Tensor } from "../../engine/tensor.ts";
import { gpuTest } from "../gpu.ts";
import { array, random } from "../reference/array.ts";
import { assertClose, checkOperation } from "../reference/check.ts";
import * as reference from "../reference/operations.ts";

const shapes = [[2, 3, 5, 3], [1, 7, 4, 6], [3, 20, 10, 5], [4, 1, 1, 1]];

for (const training of [true, false]) {
  for (const relu of [false, true]) {
    for (const withResidual of [false, true]) {
      for (const shape of shapes) {
        const name = [
          training ? "training" : "inference",
          relu && "relu",
          withResidual && "residual",
          `[${shape}]`,
        ].filter(Boolean).join(", ");
        gpuTest(`batch norm: ${name}`, async (gpu) => {
          const c = shape[3];
          const mean = random(7, [c]);
          const variance = array([c], random(8, [c]).data.map((v) => Math.fround(0.5 + v * v)));
          const state = {
            runningMean: Tensor.from(gpu, mean.data, [c]),
            runningVariance: Tensor.from(gpu, variance.data, [c]),
          };
          const inputs = [random(1, shape, 2), random(2, [c]), random(3, [c])];
          if (withResidual) inputs.push(random(4, shape));
          await checkOperation(gpu, {
            inputs,
            operation: (x, weight, bias, residual) =>
              batchNorm(x, { weight, bias, ...state }, { training, relu, residual }),
            reference: (x, weight, bias, residual) => {
              const statistics = training
                ? reference.moments(x)
                : { mean: mean.data, variance: variance.data };
              return reference.batchNorm(x, weight, bias, { ...statistics, residual, relu });
            },
            terms: shape[0] * shape[1] * shape[2],
            step: 1e-5,
          });
          state.runningMean.dispose();
          state.runningVariance.dispose();
        });
      }
    }
  }
}

gpuTest(
  "batch norm: running statistics take the unbiased variance with PyTorch's momentum",
  async (gpu) => {
    const x = random(1, [2, 3, 5, 3], 2);
    const { mean, variance } = reference.moments(x);
    const rows = 30;
    const tensors = {
      weight: Tensor.from(gpu, [1, 1, 1], [3]),
      bias: Tensor.from(gpu, [0, 0, 0], [3]),
      runningMean: Tensor.from(gpu, [1, 2, 3], [3]),
      runningVariance: Tensor.from(gpu, [4, 5, 6], [3]),
    };
    const input = Tensor.from(gpu, x.data, x.shape);
    batchNorm(input, tensors, { training: true, momentum: 0.3 }).dispose();
    const expectedMean = mean.map((m, c) => 0.7 * (c + 1) + 0.3 * m);
    const expectedVariance = variance.map((v, c) => 0.7 * (c + 4) + 0.3 * v * rows / (rows - 1));
    assertClose(await tensors.runningMean.read(), expectedMean, 1e-6, "running mean");
    assertClose(await tensors.runningVariance.read(), expectedVariance, 1e-6, "running variance");
    for (const tensor of [input, ...Object.values(tensors)]) tensor.dispose();
  },
);

gpuTest("batch norm: a mean a thousand times the deviation does not cancel", async (gpu) => {
  const x = array([1, 16, 16, 2], random(1, [1, 16, 16, 2]).data.map((v) => Math.fround(1000 + v)));
  const c = [2];
  const tensors = {
    weight: Tensor.from(gpu, [1, 1], c),
    bias: Tensor.from(gpu, [0, 0], c),
    runningMean: Tensor.zeros(gpu, c),
    runningVariance: Tensor.zeros(gpu, c),
  };
  const input = Tensor.from(gpu, x.data, x.shape);
  const y = batchNorm(input, tensors, { training: true });
  const expected = reference.batchNorm(x, array(c, [1, 1]), array(c, [0, 0]), reference.moments(x));
  // A float32 near 1000 is known to 3e-5; the deviation is 1.
  assertClose(await y.read(), expected.data, 1e-4, "output");
  for (const tensor of [input, y, ...Object.values(tensors)]) tensor.dispose();
});
