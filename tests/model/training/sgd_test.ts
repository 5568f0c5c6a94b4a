import assert from "node:assert/strict";
import { Tensor } from "../../../engine/tensor.ts";
import { RunningTotals } from "../../../model/training/running_totals.ts";
import { Sgd } from "../../../model/training/sgd.ts";
import { gpuTest } from "../../gpu.ts";
import { random } from "../../reference/array.ts";
import { assertClose } from "../../reference/check.ts";

for (const nesterov of [true, false]) {
  gpuTest(`SGD: three steps of PyTorch's rule, nesterov ${nesterov}, two groups`, async (gpu) => {
    const shape = [3, 7];
    const [momentum, weightDecay, rate] = [0.8, 0.05, 0.1];
    const scales = [1, 10];
    const names = ["a", "b"];
    const tensors = names.map((_, i) => {
      const { data } = random(i, shape);
      return Tensor.from(gpu, data, shape).asParameter();
    });
    const expected = names.map((_, i) => ({
      w: random(i, shape).data,
      v: new Float64Array(21),
    }));
    const optimiser = new Sgd(
      tensors.map((tensor, i) => ({
        parameters: [{ name: names[i], tensor, trainable: true }],
        scale: scales[i],
      })),
      { momentum, weightDecay, nesterov },
    );
    for (let step = 0; step < 3; step++) {
      for (const [i, { w, v }] of expected.entries()) {
        const gradient = random(10 * step + i, shape).data;
        tensors[i].gradient = Tensor.from(gpu, gradient, shape).keep();
        for (let k = 0; k < w.length; k++) {
          const d = gradient[k] + weightDecay * w[k];
          v[k] = momentum * v[k] + d;
          w[k] -= rate * scales[i] * (nesterov ? d + momentum * v[k] : v[k]);
        }
      }
      optimiser.step(rate);
      assert.ok(tensors.every(({ gradient }) => gradient === null), "gradients are taken away");
    }
    const velocities = [...optimiser.state()];
    for (const [i, { w, v }] of expected.entries()) {
      assertClose(await tensors[i].read(), w, 2e-6, "weights");
      assertClose(await velocities[i].tensor.read(), v, 2e-6, "momentum");
    }
    optimiser.dispose();
    for (const tensor of tensors) tensor.dispose();
  });
}

gpuTest(
  "running totals: sums over batches, first of equal classes wins, first bad step is kept",
  async (gpu) => {
    const running = new RunningTotals(gpu);
    const add = (loss: number, rows: number[][], labels: number[]) =>
      gpu.scope(() =>
        running.add(
          Tensor.from(gpu, [loss], [1]),
          Tensor.from(gpu, rows.flat(), [rows.length, rows[0].length]),
          Tensor.from(gpu, labels, [labels.length], "u32"),
        )
      );
    const wrong = [0, 0, 0, 0, 1];
    // More pictures than the workgroup has invocations.
    add(
      0.5,
      Array.from({ length: 70 }, (_, n) => n < 66 ? [0, 1, 0, 0, 0] : wrong),
      Array(70).fill(1),
    );
    add(2, [[0.25, 0.25, 0.25, 0.25, 0], wrong], [0, 3]);
    const { negativeLogLikelihood, ...sums } = await running.read();
    assert.deepEqual(sums, {
      loss: 39,
      correct: 67,
      images: 72,
      steps: 2,
      badStep: 0,
      badPrediction: 0,
    });
    // Five labels have p = 0, which counts as the smallest normal number; one has p = 1/4.
    const expected = 5 * 126 * Math.LN2 + Math.log(4);
    assert.ok(Math.abs(negativeLogLikelihood! - expected) < 1e-3, `${negativeLogLikelihood}`);
    add(Infinity, [wrong], [4]);
    add(NaN, [wrong], [4]);
    assert.equal((await running.read()).badStep, 3);
    running.reset();
    assert.deepEqual(await running.read(), {
      loss: 0,
      correct: 0,
      images: 0,
      steps: 0,
      badStep: 0,
      badPrediction: 0,
      negativeLogLikelihood: 0,
    });
    running.reset({ loss: 1.5, correct: 2, images: 4, steps: 1, badStep: 0 });
    add(NaN, [wrong], [4]);
    assert.equal((await running.read()).badStep, 2);
    for (const impossible of [[NaN, 0, 0, 0, 1], [0.5, 0, 0, 0, 0.4], [1.5, -0.5, 0, 0, 0]]) {
      running.reset();
      add(1, [wrong], [4]);
      add(1, [wrong, impossible], [4, 4]);
      add(1, [impossible], [4]);
      assert.equal((await running.read()).badPrediction, 2, `${impossible}`);
    }
    running.dispose();
  },
);
