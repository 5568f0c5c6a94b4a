import assert from "node:assert/strict";
import type { Classifier } from "../../../model/classifier.ts";
import { toFile } from "../../../weights/layout.ts";
import { gpuTest } from "../../gpu.ts";
import { readGolden } from "../../reference/golden.ts";
import { hashed } from "../../reference/hashed_weights.ts";
import { type StepsCase, trainResNet50 } from "../../reference/training_steps.ts";

const golden = await readGolden("training_steps");

/**
 * Rounding that batch statistics and ReLUs amplify differs from program to program: what is allowed is
 * a few times what PyTorch's own float32 runs part from its float64, and at least this.
 */
const SPREADS = 4;
const LEAST = { loss: 1e-4, gradient: 1e-2 };

for (const [name, value] of Object.entries(golden.cases)) {
  // By step, how far the loss of PyTorch's float32 parts from that of its float64.
  const { float32_loss, ...steps } = value as unknown as StepsCase & { float32_loss: number[] };

  gpuTest(
    `PyTorch: training steps of ResNet50 at the official rates, prior and posterior ${name}`,
    async (gpu) => {
      const losses = golden.slice(`${name}/losses`);
      await trainResNet50(gpu, steps, losses.length, async (step, loss, model) => {
        const allowed = Math.max(LEAST.loss, SPREADS * float32_loss[step]);
        assert.ok(
          Math.abs(loss / losses[step] - 1) <= allowed,
          `loss ${step} is ${loss}, expected ${losses[step]} to ${allowed}`,
        );
        if (step === 0) await compareGradients(model, name);
      });
    },
  );
}

/** Norm and products with hashed vectors of every gradient, relative to the norm. */
async function compareGradients(model: Classifier, name: string): Promise<void> {
  const parameters = model.parameters().toSorted((a, b) => a.name < b.name ? -1 : 1);
  const [all, spreads] = [
    golden.slice(`${name}/gradients`),
    golden.slice(`${name}/float32_gradients`),
  ];
  const numbers = all.length / parameters.length;
  for (const [i, { name: of, tensor }] of parameters.entries()) {
    const allowed = Math.max(LEAST.gradient, SPREADS * spreads[i]);
    const { data } = await toFile(tensor.gradient!);
    const expected = all.subarray(numbers * i, numbers * (i + 1));
    const norm = Math.sqrt(data.reduce((sum, value) => sum + value ** 2, 0));
    const products = Array.from({ length: numbers - 1 }, (_, k) => {
      const vector = hashed(`${of} ${k}`, data.length);
      return data.reduce((sum, value, j) => sum + value * vector[j], 0);
    });
    for (const [k, value] of [norm, ...products].entries()) {
      const error = Math.abs(value - expected[k]) / expected[0];
      assert.ok(
        error <= allowed,
        `${of}: number ${k} is off by ${error}, ${allowed} allowed`,
      );
    }
  }
}
