import assert from "node:assert/strict";
import type { ModelOptions } from "../../../model/build.ts";
import { readCheckpoint, saveCheckpoint } from "../../../model/stored/checkpoint.ts";
import { restore } from "../../../model/stored/restore.ts";
import { NOT_BEGUN } from "../../../model/training/progress.ts";
import type { TrainingRecipe } from "../../../model/training/recipe.ts";
import { train } from "../../../model/training/trainer.ts";
import { gpuTest } from "../../gpu.ts";
import { bits, OPTIONS, RECIPE, start } from "./small_run.ts";

/** Runs of two epochs that draw at random. */
const RUNS: readonly (readonly [
  name: string,
  options: Partial<ModelOptions>,
  recipe: Partial<TrainingRecipe>,
])[] = [
  ["HaS", { method: "has" }, { has: { sizes: [0, 3, 5], rate: 0.5 } }],
  ["CutMix", { method: "cutmix" }, { cutmix: { beta: 1, probability: 0.7 } }],
  ["ADL in parts", { method: "adl", adl: { rate: 0.5, threshold: 0.8 } }, { microBatch: 3 }],
  ["ACoL", { method: "acol" }, {}],
  ["SPG", { method: "spg" }, {}],
  ["CALM_EM with all of them", { adl: { rate: 0.5, threshold: 0.8 } }, {
    has: { sizes: [4], rate: 0.3 },
    cutmix: { beta: 1, probability: 1 },
  }],
];

for (const [name, ofModel, ofRecipe] of RUNS) {
  gpuTest(
    `${name}: a run that is resumed has the bits of the whole one`,
    async (gpu) => {
      const folder = await Deno.makeTempDir();
      const path = `${folder}/checkpoint.safetensors`;
      const recipe: TrainingRecipe = { ...RECIPE, ...ofRecipe, groups: "benchmark", epochs: 2 };
      const options = { ...OPTIONS, ...ofModel };
      const whole = start(gpu, recipe, options);
      const finished = await train(whole.model, whole.optimiser, whole.loader, {
        recipe,
        progress: NOT_BEGUN,
        saveEvery: 4,
        events: {
          async onSave(progress) {
            if (progress.epoch === 0) return;
            await saveCheckpoint(path, whole.model, whole.optimiser.state(), {
              model: options,
              recipe,
              dataset: { name: "birds", root: "/nowhere" },
              classNames: ["a", "b", "c"],
              progress,
            });
          },
        },
      });
      const checkpoint = await readCheckpoint(path);
      assert.deepEqual(checkpoint.header.model, options);
      assert.deepEqual(checkpoint.header.recipe, recipe);
      const again = start(gpu, recipe, options);
      restore(checkpoint, again.model, again.optimiser.state());
      const { progress } = checkpoint.header;
      assert.equal(progress.batch, 4);
      const resumed = await train(again.model, again.optimiser, again.loader, { recipe, progress });
      assert.deepEqual(resumed, finished);
      assert.deepEqual(await bits(again), await bits(whole));
      for (const run of [whole, again]) run.end();
      await Deno.remove(folder, { recursive: true });
    },
  );
}
