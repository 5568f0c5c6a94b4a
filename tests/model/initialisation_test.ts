import assert from "node:assert/strict";
import { Random } from "../../engine/random.ts";
import { buildModel } from "../../model/build.ts";
import { type Initialisation, initialWeights } from "../../model/module.ts";
import { gpuTest } from "../gpu.ts";

const SHAPE = [3, 3, 40, 60];

async function moments(
  gpu: Parameters<typeof initialWeights>[0]["gpu"],
  initialisation: Initialisation,
) {
  const tensor = initialWeights({ gpu, random: Random.of(1), initialisation }, SHAPE);
  const values = await tensor.read();
  tensor.dispose();
  const mean = values.reduce((a, b) => a + b) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  return { mean, variance, largest: Math.max(...values.map(Math.abs)), count: values.length };
}

gpuTest("Xavier-uniform weights fill (−b, b) with b = √(6 / (fan_in + fan_out))", async (gpu) => {
  const { mean, variance, largest, count } = await moments(gpu, "xavier-uniform");
  const bound = Math.sqrt(6 / (9 * (40 + 60)));
  assert.ok(largest <= bound && largest > 0.999 * bound);
  assert.ok(Math.abs(mean) < 5 * bound / Math.sqrt(3 * count));
  assert.ok(Math.abs(variance / (bound ** 2 / 3) - 1) < 0.03);
});

gpuTest("He-normal weights have variance 2 / fan_out", async (gpu) => {
  const { mean, variance, count } = await moments(gpu, "he-normal");
  const expected = 2 / (9 * 60);
  assert.ok(Math.abs(mean) < 5 * Math.sqrt(expected / count));
  assert.ok(Math.abs(variance / expected - 1) < 0.05);
});

gpuTest(
  "a new model has zero biases, batch norms of 1 and 0, and torchvision's names",
  async (gpu) => {
    const model = buildModel(gpu, {
      arch: "small-resnet",
      method: "calm-ml",
      prior: "softplus",
      detachNormaliser: false,
      classes: 5,
    }, 0);
    const state = [...model.state()];
    for (const { name, tensor } of state) {
      if (tensor.shape.length === 4) continue;
      const expected = /(bn\d|downsample\.1)\.weight$|running_var$/.test(name) ? 1 : 0;
      assert.ok((await tensor.read()).every((v) => v === expected), name);
    }
    const names = state.map(({ name }) => name);
    for (const name of ["conv1.weight", "layer2.downsample.0.weight", "attention.0.bias"]) {
      assert.ok(names.includes(name), name);
    }
    assert.equal(new Set(names).size, names.length);
    model.dispose();
  },
);

gpuTest(
  "CAM's last layer begins as a linear one in the benchmark, else as a convolution",
  async (gpu) => {
    const deviation = async (benchmark: boolean) => {
      const model = buildModel(gpu, {
        ...{ arch: "resnet18", method: "cam", prior: "relu", detachNormaliser: true, classes: 20 },
        benchmark,
      }, 0);
      const last = model.parameters().find(({ name }) => name === "conv_last.weight")!;
      const values = await last.tensor.read();
      model.dispose();
      return Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
    };
    const xavier = Math.sqrt(2 / (512 + 20));
    assert.ok(Math.abs(await deviation(false) / xavier - 1) < 0.03);
    // Of 10,240 numbers: five standard deviations.
    assert.ok(Math.abs(await deviation(true) / 0.01 - 1) < 0.035);
  },
);
