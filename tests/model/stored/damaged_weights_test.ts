import assert from "node:assert/strict";
import { buildModel, type ModelOptions } from "../../../model/build.ts";
import { readCheckpoint, saveCheckpoint } from "../../../model/stored/checkpoint.ts";
import type { CheckpointHeader } from "../../../model/stored/checkpoint_header.ts";
import { openModel } from "../../../model/stored/open_model.ts";
import { NOT_BEGUN } from "../../../model/training/progress.ts";
import type { TrainingRecipe } from "../../../model/training/recipe.ts";
import { takePretrained } from "../../../model/stored/pretrained.ts";
import { buildOptimiser } from "../../../model/training/trainer.ts";
import { gpuTest } from "../../gpu.ts";
import { inFolder, save, stateOf } from "./weight_files.ts";

const OPTIONS: ModelOptions = {
  arch: "small-resnet",
  method: "calm-em",
  prior: "relu",
  detachNormaliser: true,
  classes: 3,
};

const RECIPE: TrainingRecipe = {
  epochs: 3,
  batchSize: 8,
  lr: 0.02,
  lrClassifierRatio: 10,
  lrDecayEvery: 3,
  weightDecay: 1e-4,
  momentum: 0.9,
  seed: 4,
  transform: { resize: 18, crop: 16, flip: true },
};

const HEADER: CheckpointHeader = {
  model: OPTIONS,
  recipe: RECIPE,
  dataset: { name: "birds", root: "/nowhere" },
  classNames: ["a", "b", "c"],
  progress: NOT_BEGUN,
};

gpuTest(
  "weights that are not finite are refused by every reader, and change nothing",
  async (gpu) => {
    await inFolder(async (folder) => {
      const model = buildModel(gpu, OPTIONS, 1);
      const state = await stateOf(model);
      for (
        const [name, value, message] of [
          [
            "layer2.conv2.weight",
            NaN,
            /layer2\.conv2\.weight has 1 of 9216 values that are NaN or/,
          ],
          [
            "layer3.bn1.bias",
            -Infinity,
            /layer3\.bn1\.bias has 1 of 64 values that are NaN or inf/,
          ],
          ["layer3.bn1.running_var", -1e-3, /layer3\.bn1\.running_var has 1 of 64 values below 0/],
        ] as const
      ) {
        const { shape, data } = state.get(name)!;
        const damaged = new Map(state).set(name, { shape, data: data.with(5, value) });
        const path = await save(`${folder}/damaged.safetensors`, damaged);
        await assert.rejects(openModel(gpu, path, { method: "calm-em" }), message);
        const other = buildModel(gpu, OPTIONS, 2);
        const before = await stateOf(other);
        await assert.rejects(takePretrained(other, path, "small-resnet"), message);
        assert.deepEqual(await stateOf(other), before);
        other.dispose();
        const ours = await save(`${folder}/ours.safetensors`, damaged, {
          format: "calm-checkpoint-1",
          header: JSON.stringify(HEADER),
        });
        for (const read of [readCheckpoint(ours), openModel(gpu, ours)]) {
          await assert.rejects(read, message);
        }
      }
      model.dispose();
    });
  },
);

gpuTest("a checkpoint with NaN is not written: the one before it stays", async (gpu) => {
  await inFolder(async (folder) => {
    const path = `${folder}/checkpoint.safetensors`;
    const model = buildModel(gpu, OPTIONS, 1);
    const optimiser = buildOptimiser(model, RECIPE);
    await saveCheckpoint(path, model, optimiser.state(), HEADER);
    const before = await Deno.readFile(path);
    const [{ name, tensor }] = model.parameters();
    tensor.write(new Float32Array(tensor.size).with(7, NaN));
    await assert.rejects(
      saveCheckpoint(path, model, optimiser.state(), HEADER),
      new RegExp(`checkpoint\\.safetensors is not written: ${name} has 1 of ${tensor.size} values`),
    );
    assert.deepEqual(await Deno.readFile(path), before);
    assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).length, 1);
    optimiser.dispose();
    model.dispose();
  });
});

gpuTest("a bit that flipped in a checkpoint is noticed by every reader", async (gpu) => {
  await inFolder(async (folder) => {
    const path = `${folder}/checkpoint.safetensors`;
    const model = buildModel(gpu, OPTIONS, 1);
    const optimiser = buildOptimiser(model, RECIPE);
    await saveCheckpoint(path, model, optimiser.state(), HEADER);
    const bytes = await Deno.readFile(path);
    const sound = await openModel(gpu, path);
    sound.model.dispose();
    for (const [name, bit] of [["layer2.conv2.weight", 0], ["layer3.bn1.bias", 2]] as const) {
      const damaged = bytes.slice();
      damaged[startOf(bytes, name)] ^= 1 << bit;
      const copy = `${folder}/damaged.safetensors`;
      await Deno.writeFile(copy, damaged);
      const message = new RegExp(`damaged\\.safetensors is damaged: ${name} has the checksum`);
      await assert.rejects(readCheckpoint(copy), message);
      await assert.rejects(openModel(gpu, copy), message);
      await assert.rejects(takePretrained(model, copy, "small-resnet"), message);
    }
    optimiser.dispose();
    model.dispose();
  });
});

/** Where a tensor's bytes begin in a safetensors file. */
function startOf(bytes: Uint8Array, name: string): number {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  return 8 + length + header[name].data_offsets[0];
}
