import assert from "node:assert/strict";
import type { Gpu } from "../../../engine/gpu.ts";
import { Tensor } from "../../../engine/tensor.ts";
import { BatchLoader } from "../../../data/loader.ts";
import { classify } from "../../../eval/measures/classification.ts";
import { buildModel } from "../../../model/build.ts";
import { firstNotFinite } from "../../../model/training/divergence.ts";
import { RunningTotals } from "../../../model/training/running_totals.ts";
import { NOT_BEGUN } from "../../../model/training/progress.ts";
import type { TrainingRecipe } from "../../../model/training/recipe.ts";
import { buildOptimiser, DivergedError, train } from "../../../model/training/trainer.ts";
import { gpuTest } from "../../gpu.ts";

gpuTest("one element that is NaN or infinite is found wherever it is, and named", async (gpu) => {
  const shapes = [[3], [3, 3, 5, 7], [1], [1, 1, 64, 130]];
  const tensors = shapes.map((shape) =>
    Tensor.from(gpu, new Float32Array(shape.reduce((a, b) => a * b)).fill(-3.4e38), shape)
  );
  const entries = tensors.map((tensor, i) => ({ name: `t${i}`, tensor, trainable: true }));
  assert.equal(await firstNotFinite(entries), null);
  for (const bad of [NaN, Infinity, -Infinity]) {
    for (const [i, tensor] of tensors.entries()) {
      const numbers = await tensor.read();
      for (const at of [0, numbers.length >> 1, numbers.length - 1]) {
        tensor.write(numbers.with(at, bad));
        assert.equal(await firstNotFinite(entries), `t${i}`);
      }
      tensor.write(numbers);
    }
  }
  tensors[1].write((await tensors[1].read()).fill(NaN));
  tensors[3].write((await tensors[3].read()).fill(NaN));
  assert.equal(await firstNotFinite(entries), "t1");
  for (const tensor of tensors) tensor.dispose();
});

gpuTest("predictions that are no probabilities are noticed at their step", async (gpu) => {
  const labels = Tensor.from(gpu, [0, 1], [2], "u32");
  const loss = Tensor.from(gpu, [0.5], [1]);
  const sound = [0.25, 0.5, 0.25, 0, 0, 1];
  const badAt = async (second: number[]) => {
    const sums = new RunningTotals(gpu);
    for (const numbers of [sound, second, second]) {
      const probabilities = Tensor.from(gpu, numbers, [2, 3]);
      sums.add(loss, probabilities, labels);
      await gpu.idle();
      probabilities.dispose();
    }
    const { badStep, badPrediction } = await sums.read();
    sums.dispose();
    assert.equal(badStep, 0);
    return badPrediction;
  };
  assert.equal(await badAt(sound), 0);
  assert.equal(await badAt([0.25, 0.5, 0.25, 64, 0, 0]), 2);
  assert.equal(await badAt([NaN, NaN, NaN, 0, 0, 1]), 2);
  assert.equal(await badAt([0, 0, 1, 0, NaN, 1]), 2);
  assert.equal(await badAt([0, 0, 1, -0.5, 0.5, 1]), 2);
  assert.equal(await badAt([0, 0, 1, 0, 0, 0]), 2);
  for (const tensor of [labels, loss]) tensor.dispose();
});

const RECIPE: TrainingRecipe = {
  epochs: 2,
  batchSize: 4,
  lr: 0.01,
  lrClassifierRatio: 10,
  lrDecayEvery: 3,
  weightDecay: 1e-4,
  momentum: 0.9,
  seed: 0,
  transform: { resize: 16, crop: 16, flip: true },
};

function start(gpu: Gpu, recipe: TrainingRecipe) {
  const model = buildModel(gpu, {
    arch: "small-resnet",
    method: "calm-em",
    prior: "relu",
    detachNormaliser: true,
    classes: 2,
  }, 0);
  const optimiser = buildOptimiser(model, recipe);
  const loader = new BatchLoader({
    name: "train",
    ids: Array.from({ length: 12 }, (_, n) => `p${n}`),
    labels: Uint32Array.from({ length: 12 }, (_, n) => n % 2),
    source: {
      kind: "memory",
      pixels: Uint8Array.from({ length: 12 * 16 * 16 * 3 }, (_, i) => (i * 7919) % 251),
      width: 16,
      height: 16,
      channels: 3,
    },
  }, { ...recipe, train: true });
  const saved: number[] = [];
  const running = () =>
    train(model, optimiser, loader, {
      recipe,
      progress: NOT_BEGUN,
      saveEvery: 2,
      events: {
        onSave: ({ batch }) => void saved.push(batch),
        onEpoch: ({ epoch }) => void saved.push(-epoch),
      },
    });
  const end = () => {
    loader.close();
    optimiser.dispose();
    model.dispose();
  };
  return { model, loader, saved, running, end };
}

gpuTest("a statistic that overflows stops training though the loss is finite", async (gpu) => {
  const { model, saved, running, end } = start(gpu, RECIPE);
  const [statistic] = [...model.state()].filter(({ name }) => name === "bn1.running_var");
  statistic.tensor.write((await statistic.tensor.read()).fill(Infinity));
  await assert.rejects(running(), (error) => {
    assert.ok(error instanceof DivergedError);
    assert.equal(
      error.message,
      "bn1.running_var became NaN or infinite in epoch 1: try a smaller learning rate than 0.01",
    );
    return true;
  });
  assert.deepEqual(saved, [], "nothing is to be saved after that");
  end();
});

gpuTest("a learning rate of a million stops training, whatever shows it first", async (gpu) => {
  const { saved, running, end } = start(gpu, { ...RECIPE, lr: 1e6 });
  await assert.rejects(running(), (error) => {
    assert.ok(error instanceof DivergedError);
    assert.match(error.message, /epoch [12]: try a smaller learning rate than 1000000$/);
    return true;
  });
  assert.ok(!saved.includes(-2), "the last epoch was not handed on as sound");
  end();
});

gpuTest("an accuracy is never told of predictions that are no probabilities", async (gpu) => {
  const { model, loader, end } = start(gpu, RECIPE);
  const { accuracy } = await classify(model, loader);
  assert.ok(accuracy >= 0);
  const [bias] = [...model.state()].filter(({ name }) => name === "conv_last.bias");
  bias.tensor.write([NaN, 0]);
  await assert.rejects(
    classify(model, loader),
    /UserError: The model's p\(y\|x\) of some picture is NaN/,
  );
  end();
});
