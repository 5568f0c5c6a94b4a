import type { Split } from "../../../data/dataset.ts";
import { BatchLoader } from "../../../data/loader.ts";
import type { Gpu } from "../../../engine/gpu.ts";
import { Random } from "../../../engine/random.ts";
import { buildModel, type ModelOptions } from "../../../model/build.ts";
import type { TrainingRecipe } from "../../../model/training/recipe.ts";
import { buildOptimiser } from "../../../model/training/trainer.ts";

/** The small network by CALM_EM in the paper's form. */
export const OPTIONS: ModelOptions = {
  arch: "small-resnet",
  method: "calm-em",
  prior: "softplus",
  detachNormaliser: false,
  classes: 3,
};

/** A few epochs of tiny pictures. */
export const RECIPE: TrainingRecipe = {
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

/** Noise whose mean colour gives the class away: learnable in a few steps. */
function colouredNoise(count: number): Split {
  const random = Random.of(11);
  const labels = Uint32Array.from({ length: count }, (_, n) => n % 3);
  const pixels = new Uint8Array(count * 20 * 20 * 3);
  for (let i = 0; i < pixels.length; i++) {
    const n = Math.floor(i / 1200);
    pixels[i] = random.int(120) + (i % 3 === labels[n] ? 100 : 0);
  }
  return {
    name: "train",
    ids: Array.from(labels, (_, n) => `noise/${n}`),
    labels,
    source: { kind: "memory", pixels, width: 20, height: 20, channels: 3 },
  };
}

/** A run that has not begun, on 52 pictures of three classes. */
export function start(gpu: Gpu, recipe = RECIPE, options = OPTIONS) {
  const model = buildModel(gpu, options, recipe.seed);
  const optimiser = buildOptimiser(model, recipe);
  const loader = new BatchLoader(colouredNoise(52), { ...recipe, train: true });
  const end = () => {
    loader.close();
    optimiser.dispose();
    model.dispose();
  };
  return { model, optimiser, loader, end };
}

/** Every bit of a run's state. */
export async function bits({ model, optimiser }: ReturnType<typeof start>): Promise<string[]> {
  const all = [];
  for (const { name, tensor } of [...model.state(), ...optimiser.state()]) {
    const words = new Uint32Array((await tensor.read()).buffer);
    all.push(`${name} ${words.join()}`);
  }
  return all;
}
