import { resolve } from "node:path";
import { UserError } from "../../engine/errors.ts";
import { expectPrintable, expectSameClasses } from "../../data/class_names.ts";
import type { Dataset } from "../../data/dataset.ts";
import { exists } from "../../data/files.ts";
import { holdOut } from "../../data/hold_out.ts";
import { expectEveryClass } from "../../data/untrained_classes.ts";
import { listHash } from "../../data/list_hash.ts";
import { type DatasetName, openDataset, type OpeningEvents } from "../../data/open.ts";
import type { Gpu } from "../../engine/gpu.ts";
import { mebibytes } from "../../engine/memory.ts";
import type { ModelOptions } from "../../model/build.ts";
import { readCheckpoint } from "../../model/stored/checkpoint.ts";
import type { CheckpointHeader } from "../../model/stored/checkpoint_header.ts";
import type { Classifier } from "../../model/classifier.ts";
import { openGpu } from "../../model/open_gpu.ts";
import {
  describeRecipe,
  type Preset,
  type RecipeChoices,
  recipeFor,
  type TrainingRecipe,
} from "../../model/training/recipe.ts";
import type { Checkpoint } from "../../model/stored/restore.ts";
import { checkPretrained } from "../../model/stored/pretrained.ts";
import { planTraining } from "../../model/training/step_cost.ts";
import { isCalm } from "../../model/methods.ts";

/** What the user chose; what is left out takes the data set's defaults. */
export interface TrainingSettings {
  readonly dataset: DatasetName;
  readonly data?: string;
  /** Structure of the model, as far as the data do not decide it. */
  readonly model: Omit<ModelOptions, "classes">;
  /** File with a pretrained backbone to start from. */
  readonly pretrained?: string;
  /** Which of that file's tables of weights, where it has several. */
  readonly pretrainedWeights?: string;
  /** A recipe of the paper instead of the data set's. */
  readonly preset?: Preset;
  /** Training pictures of each class to leave out (`holdOut`). */
  readonly holdOut?: number;
  readonly seed: number;
  /** Folder of the run. */
  readonly out?: string;
  /** Checkpoint to go on from. */
  readonly resume?: string;
  /** Steps of an epoch between two checkpoints; default: one after each epoch only. */
  readonly saveEvery?: number;
  readonly skipCorrupt: boolean;
  readonly workers?: number;
  /** Most GPU memory to use, in MiB. */
  readonly memoryLimit?: number;
  readonly recipe: RecipeChoices;
}

/** Everything that was decided before the GPU was opened. */
export interface Plan {
  readonly dataset: DatasetName;
  readonly data?: string;
  readonly holdOut?: number;
  readonly model: Omit<ModelOptions, "classes">;
  readonly pretrained?: string;
  readonly pretrainedWeights?: string;
  readonly recipe: TrainingRecipe;
}

/** The plan of a run that begins. */
export function newPlan(
  { seed, preset, recipe, dataset, ...settings }: TrainingSettings,
): Plan {
  const { data, holdOut, model, pretrained, pretrainedWeights } = settings;
  return {
    ...{ dataset, data, holdOut, model, pretrained, pretrainedWeights },
    recipe: recipeFor(dataset, recipe, { seed, preset }),
  };
}

/** `birds-calm-em`, `cub-resnet50-cam`. */
export function runName({ dataset, model: { arch, method } }: Plan): string {
  return [dataset, ...(arch === "small-resnet" ? [] : [arch]), method].join("-");
}

/**
 * The plan of a run that is gone on with.
 *
 * @throws {UserError} when it has seen more epochs than are wanted
 */
export function planOf({ path, header }: Checkpoint, { data, recipe }: TrainingSettings): Plan {
  const { model, dataset, progress } = header;
  const epochs = recipe.epochs ?? header.recipe.epochs;
  if (epochs < progress.epoch) {
    throw new UserError(
      `${path} has already seen ${progress.epoch} epochs: --epochs has to be more than that, ` +
        `not ${epochs}`,
    );
  }
  return {
    dataset: dataset.name as DatasetName,
    data: data ?? dataset.root,
    holdOut: dataset.holdOut,
    model,
    recipe: { ...header.recipe, epochs },
  };
}

/**
 * The data set of a plan: with training pictures, which one that serves evaluation only may lack,
 * and of a run that is gone on with the one that it was begun with. That one is never made anew.
 *
 * @throws {UserError} when it is missing, damaged or another one
 */
export async function openTrainable(
  { dataset: name, data, holdOut: perClass }: Pick<Plan, "dataset" | "data" | "holdOut">,
  resumed: Checkpoint | null,
  events: OpeningEvents,
): Promise<Dataset> {
  if (resumed && data !== undefined && !await exists(data)) {
    throw new UserError(
      `${data} does not exist, and ${resumed.path} can only go on with the data it was begun ` +
        "with: say where they are with --data DIR",
    );
  }
  const opened = await openDataset(name, data, events);
  const dataset = perClass === undefined ? opened : holdOut(opened, perClass);
  if (dataset.train.ids.length === 0) {
    throw new UserError(
      `${dataset.root} holds no training pictures of ${name}: ./calm data check ${dataset.root} ` +
        "says what is missing",
    );
  }
  expectEveryClass(dataset);
  expectPrintable(dataset);
  if (resumed) expectSameData(resumed, dataset);
  return dataset;
}

/** What a checkpoint says of the data it was trained with. */
export function describeData(
  { dataset: name, holdOut }: Plan,
  dataset: Dataset,
): CheckpointHeader["dataset"] {
  return {
    name,
    root: resolve(dataset.root),
    pictures: dataset.train.ids.length,
    listHash: listHash(dataset),
    ...(holdOut !== undefined && { holdOut }),
  };
}

function expectSameData({ path, header }: Checkpoint, dataset: Dataset): void {
  const { model: { classes }, classNames } = header;
  expectSameClasses({ path, classes, classNames }, dataset);
  // Older checkpoints do not say.
  const { pictures, listHash: wanted } = header.dataset;
  const count = dataset.train.ids.length;
  if (wanted === undefined || listHash(dataset) === wanted) return;
  throw new UserError(
    `${dataset.root} holds other data than ${path} was begun with: ${count} training pictures ` +
      `here, ${pictures} there${count === pictures ? ", but other names, labels or order" : ""}`,
  );
}

/** What `planRun` found, as `--json` prints it. Sizes are in bytes. */
export interface DryRun extends Record<string, unknown> {
  readonly parameters: number;
  readonly model_bytes: number;
  readonly activation_bytes: number;
  readonly peak_bytes: number;
  readonly flops_per_step: number;
  readonly steps_per_epoch: number;
}

/** What a training run would need, without running it. */
export async function planRun(
  settings: TrainingSettings,
  events: OpeningEvents & { onResult(text: string): void },
): Promise<DryRun> {
  const resumed = settings.resume === undefined ? null : await readCheckpoint(settings.resume);
  const plan = resumed ? planOf(resumed, settings) : newPlan(settings);
  const { model, recipe } = plan;
  if (plan.pretrained !== undefined && !resumed) {
    await checkPretrained(plan.pretrained, model, { weights: plan.pretrainedWeights });
  }
  const dataset = await openTrainable(plan, resumed, events);
  const gpu = await openGpu();
  try {
    const needed = planTraining(gpu, { ...model, classes: dataset.classes.length }, recipe);
    const { batchSize, microBatch, transform: { crop } } = recipe;
    const atOnce = microBatch ? ` (${microBatch} at once)` : "";
    events.onResult([
      `${model.arch}, ${model.method}, batches of ${batchSize}${atOnce} at ${crop}×${crop}`,
      describeRecipe(recipe),
      `parameters   ${needed.parameters.toLocaleString("en")}`,
      `model        ${mebibytes(needed.modelBytes)} of weights, statistics and momentum`,
      `activations  ${mebibytes(needed.activationBytes)} with their gradients`,
      `GPU memory   ${mebibytes(needed.peakBytes)} at the peak`,
      `work         ${(needed.flops / 1e9).toFixed(1)} GFLOP a step, in convolutions`,
    ].join("\n"));
    return {
      parameters: needed.parameters,
      model_bytes: needed.modelBytes,
      activation_bytes: needed.activationBytes,
      peak_bytes: needed.peakBytes,
      flops_per_step: needed.flops,
      steps_per_epoch: Math.ceil(dataset.train.ids.length / batchSize),
    };
  } finally {
    gpu.destroy();
  }
}

/** A run in some lines for its user. */
export function describeRun(
  gpu: Gpu,
  { model: { arch, method, prior, largeFeatureMap }, recipe, holdOut, dataset: name }: Plan,
  dataset: Dataset,
  model: Classifier,
  resumed: Checkpoint | null,
): string {
  const parameters = model.parameters().reduce((sum, { tensor }) => sum + tensor.size, 0);
  const from = resumed ? `, resumed from ${resumed.path}` : "";
  return `${method}${isCalm(method) ? ` (${prior} prior)` : ""} on ${name}: ` +
    `${dataset.classes.length} classes, ${dataset.train.ids.length} training and ` +
    `${dataset.test.ids.length} test pictures` +
    (holdOut === undefined ? "" : `, ${dataset.val!.ids.length} held out`) +
    `\n${arch}${largeFeatureMap ? ", large feature map" : ""}, ${
      parameters.toLocaleString("en")
    } ` +
    `parameters; ${recipe.epochs} epochs of batches of ${recipe.batchSize} at ` +
    `${recipe.transform.crop}×${recipe.transform.crop}${from}\n${describeRecipe(recipe)}\n` +
    `adapter: ${gpu.adapter.description}` +
    (gpu.adapter.fallback ? " (software: shaders run on the processor)" : "");
}
