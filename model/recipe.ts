import { UserError } from "../engine/errors.ts";
import type { TrainingRecipe } from "./trainer.ts";

/** The parts of a recipe that can be chosen one by one. */
export type RecipeChoices =
  & Partial<Omit<TrainingRecipe, "transform" | "seed">>
  & { readonly resize?: number; readonly crop?: number };

type Defaults = Required<RecipeChoices>;

/** The official code's recipe for ResNet50 on CUB (and with other pictures on the rest). */
const OFFICIAL: Defaults = {
  epochs: 40,
  batchSize: 64,
  lr: 0.01,
  lrClassifierRatio: 10,
  lrDecayEvery: 30,
  weightDecay: 1e-4,
  momentum: 0.9,
  resize: 256,
  crop: 224,
};

/** Data sets of small pictures, for the small network trained from scratch. */
const DEFAULTS: Readonly<Record<string, Defaults>> = {
  "birds": {
    ...OFFICIAL,
    epochs: 30,
    batchSize: 32,
    lr: 0.02,
    lrDecayEvery: 24,
    resize: 72,
    crop: 64,
  },
  "fashion-mnist": {
    ...OFFICIAL,
    epochs: 4,
    batchSize: 32,
    lrDecayEvery: 4,
    // The garments fill their pictures: cutting from larger ones would train on another scale.
    resize: 28,
    crop: 28,
  },
  "cub": OFFICIAL,
};

/** A data set's default recipe with the user's choices put in. */
export function recipeFor(dataset: string, choices: RecipeChoices, seed: number): TrainingRecipe {
  const given = Object.fromEntries(
    Object.entries(choices).filter(([, value]) => value !== undefined),
  );
  const { resize, crop, ...rest } = { ...DEFAULTS[dataset], ...given };
  if (crop > resize) {
    throw new UserError(`--crop ${crop} is larger than --resize ${resize}`);
  }
  return { ...rest, seed, transform: { resize, crop, flip: true } };
}
