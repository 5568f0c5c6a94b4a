import { UserError } from "../../engine/errors.ts";
import type { Transform } from "../../data/transform.ts";
import type { Augmentation } from "./augment.ts";

/** Everything that decides the course of a training run, besides the data. */
export interface TrainingRecipe extends Augmentation {
  /** Passes through the training pictures. */
  readonly epochs: number;
  /** Pictures of an update. */
  readonly batchSize: number;
  /**
   * Pictures that go through the network at once; gradients of a batch's parts are summed up.
   * Default: the batch. Batch norms then see the part, not the batch.
   */
  readonly microBatch?: number;
  /** Learning rate of the features. */
  readonly lr: number;
  /** The rest (last layers, first batch norm) learns at lr times this. */
  readonly lrClassifierRatio: number;
  /** The rate falls to a tenth at every epoch divisible by this, counted from 1. */
  readonly lrDecayEvery: number;
  /** L2 penalty. */
  readonly weightDecay: number;
  /** Nesterov's. */
  readonly momentum: number;
  /**
   * EM only: the pseudo-target is p_θ'(z|x,ŷ) of a moving average θ' of the weights, which keeps this
   * share of itself at each step (`MovingAverageTeacher`). Left out: θ' = θ.
   */
  readonly teacherDecay?: number;
  /** Which tensors learn at the higher rate: by the official code's rule, or the WSOL benchmark's. */
  readonly groups?: "benchmark";
  /** Of first weights, order and augmentation. */
  readonly seed: number;
  /** How pictures are resized and cut. */
  readonly transform: Transform;
}

/** The base learning rate of an epoch counted from 1. */
export function learningRate({ lr, lrDecayEvery }: TrainingRecipe, epoch: number): number {
  return lr * 0.1 ** Math.floor(epoch / lrDecayEvery);
}

/** The parts of a recipe that can be chosen one by one. */
export type RecipeChoices =
  & Partial<Omit<TrainingRecipe, "transform" | "seed">>
  & { readonly resize?: number; readonly crop?: number };

type Chosen = "microBatch" | "teacherDecay" | "has" | "cutmix" | "groups";

type Defaults = Required<Omit<RecipeChoices, Chosen>> & Pick<RecipeChoices, Chosen>;

/** The official code's defaults, which it uses for all data sets. */
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

/**
 * The recipes of the paper's three data sets; docs/recipes.md has the source of every number. The
 * larger two have more pictures an epoch, and the schedule of the benchmark they come from.
 */
const PRESETS: Readonly<Record<Preset, Defaults>> = {
  cub: OFFICIAL,
  openimages: { ...OFFICIAL, epochs: 10, lrDecayEvery: 3 },
  imagenet: { ...OFFICIAL, epochs: 10, lrDecayEvery: 3 },
};

/** Settings by the names of their options, as in `UserError.settings`. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** Name of a recipe of the paper. */
export type Preset = "cub" | "openimages" | "imagenet";

/** All names, for messages. */
export const PRESET_NAMES = Object.keys(PRESETS) as Preset[];

/**
 * What each data set is trained with unless told otherwise; birds and Fashion-MNIST are small
 * pictures, for the small network trained from scratch.
 */
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
  "cub": PRESETS.cub,
  "ilsvrc": PRESETS.imagenet,
  "openimages": PRESETS.openimages,
};

/** The default of one number of the recipes, for help: `0.01`, or `birds 30, fashion-mnist 4, …`. */
export function describeDefault(key: keyof Omit<Defaults, Chosen>): string {
  const byValue = Map.groupBy(Object.entries(DEFAULTS), ([, defaults]) => defaults[key]);
  if (byValue.size === 1) return String([...byValue.keys()][0]);
  return [...byValue].map(([value, sets]) => `${sets.map(([name]) => name).join(", ")} ${value}`)
    .join("; ");
}

/** A recipe in words, and what of it will not come about. */
export function describeRecipe(recipe: TrainingRecipe): string {
  const { lr, lrClassifierRatio, lrDecayEvery, epochs, momentum, weightDecay, seed } = recipe;
  const { transform: { resize, crop }, teacherDecay, has, cutmix, groups } = recipe;
  const falls = lrDecayEvery > epochs
    ? `never falls within ${epochs} epochs, but at every one divisible by ${lrDecayEvery}`
    : `falls to a tenth at every epoch divisible by ${lrDecayEvery}`;
  return `learning rate ${lr}, of the last layers ${lrClassifierRatio} times that; it ${falls}\n` +
    `Nesterov momentum ${momentum}, weight decay ${weightDecay}; pictures of ${resize}×${resize}, ` +
    `cut to ${crop}×${crop}; seed ${seed}` +
    (groups ? "; the WSOL benchmark’s groups of parameters" : "") +
    (teacherDecay === undefined
      ? ""
      : `\npseudo-targets of a moving average of the weights, decay ${teacherDecay}`) +
    (has ? `\nhidden cells of ${has.sizes.join(" or ")} pixels, rate ${has.rate}` : "") +
    (cutmix ? `\nCutMix with β ${cutmix.beta}, probability ${cutmix.probability}` : "");
}

/**
 * A data set's default recipe, or one of the paper's, with the user's choices put in.
 *
 * @throws {UserError} when choices contradict each other
 */
export function recipeFor(
  dataset: string,
  choices: RecipeChoices,
  { seed, preset }: { readonly seed: number; readonly preset?: Preset },
): TrainingRecipe {
  const given = Object.fromEntries(
    Object.entries(choices).filter(([, value]) => value !== undefined),
  );
  const { resize, crop, ...rest } = {
    ...(preset ? PRESETS[preset] : DEFAULTS[dataset]),
    ...given,
  };
  if (crop > resize) {
    throw new UserError(
      `A cut of ${crop} pixels is larger than the ${resize} to which pictures are resized`,
      { settings: ["crop", "resize"] },
    );
  }
  const { batchSize, microBatch } = rest;
  if (microBatch !== undefined && microBatch > batchSize) {
    throw new UserError(
      `${microBatch} pictures at once are more than a batch of ${batchSize}`,
      { settings: ["micro-batch", "batch-size"] },
    );
  }
  return { ...rest, seed, transform: { resize, crop, flip: true } };
}
