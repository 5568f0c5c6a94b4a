import { join } from "node:path";
import { Gpu } from "../../engine/gpu.ts";
import { buildModel, type ModelOptions } from "../../model/build.ts";
import { saveCheckpoint } from "../../model/stored/checkpoint.ts";
import type { CheckpointHeader } from "../../model/stored/checkpoint_header.ts";
import { NOT_BEGUN } from "../../model/training/progress.ts";
import { buildOptimiser } from "../../model/training/trainer.ts";
import { bytesSource } from "../../weights/byte_source.ts";
import { checkpointIn, restore } from "../../model/stored/restore.ts";
import { readStateFile } from "../../weights/state_file.ts";

const CAM: ModelOptions = {
  arch: "small-resnet",
  method: "cam",
  prior: "softplus",
  detachNormaliser: false,
  classes: 3,
};

/** A checkpoint of a small model of CAM that learnt nothing. */
export function smallCam(classNames: readonly string[]): Promise<Uint8Array> {
  return onGpu(async (gpu) => {
    const options = { ...CAM, classes: classNames.length };
    return await bytesOf(gpu, options, {
      model: options,
      recipe: {
        epochs: 1,
        batchSize: 1,
        lr: 1,
        lrClassifierRatio: 1,
        lrDecayEvery: 1,
        weightDecay: 0,
        momentum: 0.9,
        seed: 0,
        transform: { resize: 36, crop: 32, flip: false },
      },
      dataset: { name: "birds", root: "" },
      classNames: [...classNames],
      progress: NOT_BEGUN,
    });
  });
}

/** The page's model with the names of its classes in the opposite order. */
export function renamedBirds(bytes: Uint8Array): Promise<Uint8Array> {
  return onGpu(async (gpu) => {
    const checkpoint = await checkpointIn(await readStateFile(bytesSource(bytes, "birds")));
    const { header } = checkpoint;
    return await bytesOf(
      gpu,
      header.model,
      { ...header, classNames: header.classNames.toReversed() },
      (model) => restore(checkpoint, model),
    );
  });
}

async function onGpu<T>(body: (gpu: Gpu) => Promise<T>): Promise<T> {
  const gpu = await Gpu.request();
  try {
    return await body(gpu);
  } finally {
    gpu.destroy();
  }
}

async function bytesOf(
  gpu: Gpu,
  options: ModelOptions,
  header: CheckpointHeader,
  fill: (model: ReturnType<typeof buildModel>) => Promise<void> | void = () => {},
): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "model.safetensors");
    const model = buildModel(gpu, options, 0);
    await fill(model);
    await saveCheckpoint(path, model, buildOptimiser(model, header.recipe).state(), header);
    return await Deno.readFile(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
