import assert from "node:assert/strict";
import { Gpu } from "../../../engine/gpu.ts";
import { Random } from "../../../engine/random.ts";
import { buildModel } from "../../../model/build.ts";
import { readCheckpoint, saveCheckpoint } from "../../../model/stored/checkpoint.ts";
import type { CheckpointHeader } from "../../../model/stored/checkpoint_header.ts";
import { RunningTotals } from "../../../model/training/running_totals.ts";
import { NOT_BEGUN } from "../../../model/training/progress.ts";
import { learningRate } from "../../../model/training/recipe.ts";
import { restore } from "../../../model/stored/restore.ts";
import { buildOptimiser, train, trainingStep } from "../../../model/training/trainer.ts";
import { planTraining } from "../../../model/training/step_cost.ts";
import { gpuTest } from "../../gpu.ts";
import { assertClose } from "../../reference/check.ts";
import { bits, OPTIONS, RECIPE, start } from "./small_run.ts";

for (const method of ["cam", "calm-ml", "calm-em"] as const) {
  gpuTest(`a few epochs of ${method} lower the loss and learn the classes`, async (gpu) => {
    const run = start(gpu, RECIPE, { ...OPTIONS, method });
    const progress = await train(run.model, run.optimiser, run.loader, {
      recipe: RECIPE,
      progress: NOT_BEGUN,
    });
    assert.equal(progress.epoch, 3);
    assert.ok(progress.trainLoss[2] < 0.9 * progress.trainLoss[0], `${progress.trainLoss}`);
    assert.ok(progress.trainAccuracy[2] > 0.8, `${progress.trainAccuracy}`);
    // The EM loss has the entropy of the posterior besides; the others are the likelihood.
    const [loss, likelihood] = [progress.trainLoss, progress.trainNegativeLogLikelihood!];
    assert.equal(likelihood.length, 3);
    for (const [i, value] of likelihood.entries()) {
      if (method === "calm-em") assert.ok(value > 0 && value < loss[i] - 0.1, `${value}`);
      else assert.ok(Math.abs(value - loss[i]) < 1e-4 * loss[i], `${value}, ${loss[i]}`);
    }
    run.end();
  });
}

gpuTest("the same seed gives the same bits, another seed does not", async (gpu) => {
  const results = [];
  for (const seed of [4, 4, 5]) {
    const recipe = { ...RECIPE, seed, epochs: 1 };
    const run = start(gpu, recipe);
    await train(run.model, run.optimiser, run.loader, { recipe, progress: NOT_BEGUN });
    results.push(await bits(run));
    run.end();
  }
  assert.deepEqual(results[0], results[1]);
  assert.notDeepEqual(results[0], results[2]);
});

gpuTest("a run that is stopped, saved and resumed has the bits of one that is not", async (gpu) => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/checkpoint.safetensors`;
  const whole = start(gpu);
  const finished = await train(whole.model, whole.optimiser, whole.loader, {
    recipe: RECIPE,
    progress: NOT_BEGUN,
  });

  const first = start(gpu);
  const stop = new AbortController();
  let steps = 0;
  const observed = first.loader.batches.bind(first.loader);
  first.loader.batches = async function* (epoch, from) {
    for await (const batch of observed(epoch, from)) {
      if (++steps === 10) stop.abort(); // in the middle of the second epoch
      yield batch;
    }
  };
  const progress = await train(first.model, first.optimiser, first.loader, {
    recipe: RECIPE,
    progress: NOT_BEGUN,
    signal: stop.signal,
  });
  assert.equal(progress.epoch, 1);
  assert.equal(progress.batch, 3);
  const header: CheckpointHeader = {
    model: OPTIONS,
    recipe: RECIPE,
    dataset: { name: "birds", root: "/nowhere" },
    classNames: ["a", "b", "c"],
    progress,
  };
  await saveCheckpoint(path, first.model, first.optimiser.state(), header);

  const second = start(gpu, { ...RECIPE, seed: 4 });
  const checkpoint = await readCheckpoint(path);
  assert.deepEqual(checkpoint.header, header);
  restore(checkpoint, second.model, second.optimiser.state());
  const resumed = await train(second.model, second.optimiser, second.loader, {
    recipe: RECIPE,
    progress: checkpoint.header.progress,
  });
  assert.deepEqual(resumed, finished);
  assert.deepEqual(await bits(second), await bits(whole));
  for (const run of [whole, first, second]) run.end();
  await Deno.remove(folder, { recursive: true });
});

gpuTest("what is saved every few steps goes on with the bits of the whole run", async (gpu) => {
  const folder = await Deno.makeTempDir();
  const whole = start(gpu);
  const saved: string[] = [];
  const finished = await train(whole.model, whole.optimiser, whole.loader, {
    recipe: RECIPE,
    progress: NOT_BEGUN,
    saveEvery: 3,
    events: {
      async onSave(progress) {
        const path = `${folder}/${progress.epoch}-${progress.batch}.safetensors`;
        saved.push(path.slice(folder.length + 1));
        await saveCheckpoint(path, whole.model, whole.optimiser.state(), {
          model: OPTIONS,
          recipe: RECIPE,
          dataset: { name: "birds", root: "/nowhere" },
          classNames: ["a", "b", "c"],
          progress,
        });
      },
    },
  });
  // Seven batches an epoch; its end is `onEpoch`'s.
  assert.deepEqual(saved, [0, 1, 2].flatMap((e) => [`${e}-3.safetensors`, `${e}-6.safetensors`]));
  const plain = start(gpu);
  const without = await train(plain.model, plain.optimiser, plain.loader, {
    recipe: RECIPE,
    progress: NOT_BEGUN,
  });
  assert.deepEqual(without, finished);
  assert.deepEqual(await bits(plain), await bits(whole));
  for (const name of ["0-6.safetensors", "2-3.safetensors"]) {
    const again = start(gpu);
    const checkpoint = await readCheckpoint(`${folder}/${name}`);
    restore(checkpoint, again.model, again.optimiser.state());
    const { progress } = checkpoint.header;
    const resumed = await train(again.model, again.optimiser, again.loader, {
      recipe: RECIPE,
      progress,
    });
    assert.deepEqual(resumed, finished);
    assert.deepEqual(await bits(again), await bits(whole));
    again.end();
  }
  for (const run of [whole, plain]) run.end();
  await Deno.remove(folder, { recursive: true });
});

gpuTest(
  "200 further steps leave live GPU bytes and the number of buffers unchanged",
  async (gpu) => {
    const run = start(gpu);
    const sums = new RunningTotals(gpu);
    const images = new Float32Array(8 * 16 * 16 * 4).fill(0.1);
    const labels = new Uint32Array(8);
    const step = () =>
      trainingStep(run.model, run.optimiser, { images, labels, size: 8, rate: 0.01, sums });
    step();
    await sums.read();
    const before = gpu.memory;
    const process = Deno.memoryUsage().rss;
    for (let i = 0; i < 200; i++) {
      step();
      if (i % 8 === 0) await sums.read();
    }
    await gpu.idle();
    assert.equal(gpu.memory.live, before.live);
    assert.equal(gpu.memory.created, before.created);
    const grown = (Deno.memoryUsage().rss - process) / 2 ** 20;
    assert.ok(grown < 64, `the process grew by ${grown.toFixed(0)} MiB`);
    sums.dispose();
    run.end();
  },
);

gpuTest("epochs leave the number of memory mappings as it is", async () => {
  if (Deno.build.os !== "linux") return;
  // A device of its own: each bind group of Mesa's software driver is a mapping.
  const gpu = await Gpu.request();
  const recipe = { ...RECIPE, epochs: 40, lrDecayEvery: 100 };
  const run = start(gpu, recipe);
  const mappings: number[] = [];
  await train(run.model, run.optimiser, run.loader, {
    recipe,
    progress: NOT_BEGUN,
    events: {
      async onEpoch() {
        const lines = (await Deno.readTextFile("/proc/self/maps")).split("\n");
        // Those of the device's memory; the others are JavaScript's, whose heap comes and goes.
        mappings.push(lines.filter((line) => / rw-s /.test(line)).length);
      },
    },
  });
  run.end();
  gpu.destroy();
  assert.ok(mappings[39] <= mappings[3] + 8, `${mappings}`);
});

gpuTest("a loss that is not a number stops the run and names the step", async (gpu) => {
  const recipe = { ...RECIPE, lr: 1e30 };
  const run = start(gpu, recipe);
  await assert.rejects(
    train(run.model, run.optimiser, run.loader, { recipe, progress: NOT_BEGUN }),
    /UserError: The loss became NaN or infinite at step \d+ of epoch 1: try a smaller learning rate/,
  );
  run.end();
});

gpuTest("a checkpoint of another shape is refused by name and changes nothing", async (gpu) => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/checkpoint.safetensors`;
  const run = start(gpu);
  await saveCheckpoint(path, run.model, run.optimiser.state(), {
    model: OPTIONS,
    recipe: RECIPE,
    dataset: { name: "birds", root: "" },
    classNames: ["a", "b", "c"],
    progress: NOT_BEGUN,
  });
  const checkpoint = await readCheckpoint(path);
  const other = start(gpu, { ...RECIPE, seed: 9 }, { ...OPTIONS, classes: 7 });
  const before = await bits(other);
  assert.throws(
    () => restore(checkpoint, other.model, other.optimiser.state()),
    /conv_last\.weight has shape \[3,64,1,1\], but the model of calm-em .* needs \[7,64,1,1\]/,
  );
  assert.deepEqual(await bits(other), before);
  const cam = start(gpu, RECIPE, { ...OPTIONS, method: "cam" });
  assert.throws(() => restore(checkpoint, cam.model), /2 tensors that this model does not/);
  for (const r of [run, other, cam]) r.end();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("the learning rate falls at every epoch divisible by the interval", () => {
  const rates = [1, 29, 30, 59, 60].map((e) =>
    learningRate({ ...RECIPE, lr: 1, lrDecayEvery: 30 }, e)
  );
  for (const [i, expected] of [1, 1, 0.1, 0.1, 0.01].entries()) {
    assert.ok(Math.abs(rates[i] - expected) < 1e-12);
  }
});

/** A batch of the same picture-like numbers at any size. */
function numbers(size: number) {
  const random = Random.of(21);
  return {
    images: Float32Array.from(
      { length: size * 16 * 16 * 4 },
      (_, i) => i % 4 === 3 ? 0 : random.normal(0, 1),
    ),
    labels: Uint32Array.from({ length: size }, (_, n) => n % 3),
    size,
    rate: 0.02,
  };
}

for (const microBatch of [undefined, 3]) {
  const title = microBatch ? ", in parts" : "";
  gpuTest(`the plan of a step is the account of a real one${title}`, async () => {
    const recipe = { ...RECIPE, microBatch };
    const gpu = await Gpu.request();
    const plan = planTraining(gpu, OPTIONS, recipe);
    const model = buildModel(gpu, OPTIONS, 0);
    const optimiser = buildOptimiser(model, recipe);
    const sums = new RunningTotals(gpu);
    const held = gpu.memory.live;
    trainingStep(model, optimiser, { ...numbers(recipe.batchSize), sums, microBatch });
    await gpu.idle();
    const { peak, resident } = gpu.memory;
    gpu.destroy();
    assert.equal(plan.modelBytes, held);
    assert.equal(plan.activationBytes, peak - held);
    assert.equal(plan.peakBytes, resident);
    assert.equal(plan.parameters, 77_652);
    // The forward pass by hand: stem, three blocks, two heads; the backward pass twice that, but
    // for the gradient of the pictures.
    const stem = 64 * 27 * 16, block1 = 2 * 64 * 144 * 16;
    const block2 = 16 * 32 * (144 + 288 + 16), block3 = 16 * 64 * (288 + 576 + 32);
    const forward = stem + block1 + block2 + block3 + 16 * 64 * 4;
    assert.equal(plan.flops, 2 * 8 * (3 * forward - stem));
  });
}

gpuTest("a batch in parts gives the step of the batch, but for batch statistics", async (gpu) => {
  const weights: Float32Array[][] = [];
  const losses: number[] = [];
  for (const microBatch of [8, 3]) {
    const run = start(gpu);
    run.model.setTraining(false);
    const sums = new RunningTotals(gpu);
    trainingStep(run.model, run.optimiser, { ...numbers(8), sums, microBatch });
    const { loss, images } = await sums.read();
    losses.push(loss / images);
    weights.push(await Promise.all(run.model.parameters().map(({ tensor }) => tensor.read())));
    sums.dispose();
    run.end();
  }
  assert.ok(Math.abs(losses[0] - losses[1]) < 1e-6, `${losses}`);
  weights[0].forEach((whole, i) => assertClose(weights[1][i], whole, 1e-6, `tensor ${i}`));
});
