import { join, resolve } from "node:path";
import { expectEveryClass } from "../data/untrained_classes.ts";
import { UserError } from "../engine/errors.ts";
import type { AdapterDescription, Gpu } from "../engine/gpu.ts";
import { expectSameClasses } from "../data/class_names.ts";
import type { Dataset } from "../data/dataset.ts";
import { BatchLoader } from "../data/loader.ts";
import { type DatasetName, openDataset } from "../data/open.ts";
import type { Classifier, Method } from "../model/classifier.ts";
import { mebibytes } from "../engine/memory.ts";
import { planTraining } from "../model/training_plan.ts";
import type { Span } from "../engine/profiler.ts";
import { openGpu } from "../model/open_gpu.ts";
import { buildModel, type ModelOptions } from "../model/build.ts";
import {
  type Checkpoint,
  type CheckpointHeader,
  readCheckpoint,
  restore,
  saveCheckpoint,
  type TrainingProgress,
} from "../model/checkpoint.ts";
import { type Preset, type RecipeChoices, recipeFor } from "../model/recipe.ts";
import { describeReport, takePretrained } from "../model/take_weights.ts";
import {
  buildOptimiser,
  learningRate,
  NOT_BEGUN,
  train,
  type TrainingRecipe,
} from "../model/trainer.ts";
import { concludeRun, type RunOutcome } from "./conclude_run.ts";
import type { OwnScores } from "./own_scores.ts";
import { log } from "./run_log.ts";

/** What the user chose; what is left out takes the data set's defaults. */
export interface TrainingSettings {
  readonly dataset: DatasetName;
  readonly data?: string;
  /** Structure of the model, as far as the data do not decide it. */
  readonly model: Omit<ModelOptions, "classes">;
  /** File with a pretrained backbone to start from. */
  readonly pretrained?: string;
  /** A recipe of the paper instead of the data set's. */
  readonly preset?: Preset;
  readonly seed: number;
  /** Folder of the run. */
  readonly out?: string;
  /** Checkpoint to go on from. */
  readonly resume?: string;
  readonly skipCorrupt: boolean;
  readonly workers?: number;
  /** Most GPU memory to use, in MiB. */
  readonly memoryLimit?: number;
  readonly recipe: RecipeChoices;
}

/** What is told while a run goes on. */
export interface RunEvents {
  readonly signal: AbortSignal;
  /** A line worth keeping. */
  onLine(text: string): void;
  /** Asks for a profile of a few training steps. `folder` is the run's. */
  onProfile?(profile: {
    readonly spans: readonly Span[];
    readonly adapter: AdapterDescription;
    readonly folder: string;
  }): Promise<void>;
  /** Where the work stands; the numbers are there while training. */
  onProgress(state: {
    readonly label: string;
    readonly share: number;
    readonly loss?: number;
    readonly accuracy?: number;
    readonly imagesPerSecond?: number;
    readonly secondsLeft?: number;
  }): void;
}

/** The result of a run, as `--json` prints it. */
export interface TrainingResult extends Record<string, unknown> {
  readonly dataset: string;
  readonly arch: string;
  readonly method: Method;
  readonly seed: number;
  readonly epochs: number;
  readonly train_loss: readonly number[];
  readonly test_accuracy: number | null;
  readonly images_per_second: number;
  readonly seconds: number;
  readonly checkpoint: string;
  /** Test pictures with their maps as one PNG; null when the run ended early. */
  readonly contact_sheet: string | null;
  /** The report of the run as an HTML file; null when the run ended early. */
  readonly report: string | null;
  /** Scores of the model's own maps; birds and CUB only. */
  readonly attribution: OwnScores | null;
  readonly adapter: Pick<AdapterDescription, "description" | "fallback">;
  /** True when Ctrl-C ended the run early. */
  readonly interrupted: boolean;
}

const CHECKPOINT = "checkpoint.safetensors";

/** Trains a model, tests it, and writes a report with maps of test pictures. */
export async function trainAndReport(
  settings: TrainingSettings,
  events: RunEvents,
): Promise<TrainingResult> {
  const resumed = settings.resume === undefined ? null : await readCheckpoint(settings.resume);
  const plan = resumed ? planOf(resumed, settings) : newPlan(settings);
  const out = resumed
    ? resolve(resumed.path, "..")
    : await newRunFolder(settings.out, runName(plan));
  const dataset = await openTrainable(plan.dataset, plan.data, events);
  if (resumed) {
    const { path, header: { model: { classes }, classNames } } = resumed;
    expectSameClasses({ path, classes, classNames }, dataset);
  }
  const { memoryLimit } = settings;
  const gpu = await openGpu(memoryLimit ? { memoryLimit: memoryLimit * 2 ** 20 } : {});
  const { skipCorrupt, workers } = settings;
  const loaderOptions = {
    transform: plan.recipe.transform,
    seed: plan.recipe.seed,
    skipCorrupt,
    workers,
    onSkip: (message: string) => events.onLine(`Left out: ${message}`),
  };
  const trainLoader = new BatchLoader(dataset.train, {
    ...loaderOptions,
    batchSize: plan.recipe.batchSize,
    train: true,
  });
  const testLoader = new BatchLoader(dataset.test, {
    ...loaderOptions,
    batchSize: plan.recipe.microBatch ?? Math.max(plan.recipe.batchSize, 32),
    train: false,
  });
  try {
    return await runPlan(gpu, plan, { resumed, out, dataset, trainLoader, testLoader, events });
  } finally {
    trainLoader.close();
    testLoader.close();
    gpu.destroy();
  }
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
  events: Pick<RunEvents, "signal" | "onLine" | "onProgress">,
): Promise<DryRun> {
  const resumed = settings.resume === undefined ? null : await readCheckpoint(settings.resume);
  const { dataset: name, data, model, recipe } = resumed
    ? planOf(resumed, settings)
    : newPlan(settings);
  const dataset = await openTrainable(name, data, events);
  const gpu = await openGpu();
  try {
    const plan = planTraining(gpu, { ...model, classes: dataset.classes.length }, recipe);
    const { batchSize, microBatch, transform: { crop } } = recipe;
    const atOnce = microBatch ? ` (${microBatch} at once)` : "";
    events.onLine([
      `${model.arch}, ${model.method}, batches of ${batchSize}${atOnce} at ${crop}×${crop}`,
      `parameters   ${plan.parameters.toLocaleString("en")}`,
      `model        ${mebibytes(plan.modelBytes)} of weights, statistics and momentum`,
      `activations  ${mebibytes(plan.activationBytes)} with their gradients`,
      `GPU memory   ${mebibytes(plan.peakBytes)} at the peak`,
      `work         ${(plan.flops / 1e9).toFixed(1)} GFLOP a step, in convolutions`,
    ].join("\n"));
    return {
      parameters: plan.parameters,
      model_bytes: plan.modelBytes,
      activation_bytes: plan.activationBytes,
      peak_bytes: plan.peakBytes,
      flops_per_step: plan.flops,
      steps_per_epoch: Math.ceil(dataset.train.ids.length / batchSize),
    };
  } finally {
    gpu.destroy();
  }
}

/** A data set with training pictures, which one that serves evaluation only may lack. */
async function openTrainable(...[name, data, events]: Parameters<typeof openDataset>) {
  const dataset = await openDataset(name, data, events);
  if (dataset.train.ids.length > 0) {
    expectEveryClass(dataset);
    return dataset;
  }
  throw new UserError(
    `${dataset.root} holds no training pictures of ${name}: ./calm data check ${dataset.root} says ` +
      "what is missing",
  );
}

/** Everything that was decided before the GPU was opened. */
interface Plan {
  readonly dataset: DatasetName;
  readonly data?: string;
  readonly model: Omit<ModelOptions, "classes">;
  readonly pretrained?: string;
  readonly recipe: TrainingRecipe;
}

function newPlan(
  { dataset, data, model, pretrained, seed, preset, recipe }: TrainingSettings,
): Plan {
  return { dataset, data, model, pretrained, recipe: recipeFor(dataset, recipe, { seed, preset }) };
}

/** `birds-calm-em`, `cub-resnet50-cam`. */
function runName({ dataset, model: { arch, method } }: Plan): string {
  return [dataset, ...(arch === "small-resnet" ? [] : [arch]), method].join("-");
}

function planOf({ path, header }: Checkpoint, { data, recipe }: TrainingSettings): Plan {
  const { model, dataset, progress } = header;
  const epochs = recipe.epochs ?? header.recipe.epochs;
  if (epochs <= progress.epoch) {
    throw new UserError(
      `${path} has already seen ${progress.epoch} epochs: --epochs has to be more than that, ` +
        `not ${epochs}`,
    );
  }
  return {
    dataset: dataset.name as DatasetName,
    data: data ?? dataset.root,
    model,
    recipe: { ...header.recipe, epochs },
  };
}

/** The folder that was asked for, or the first free one of `runs/NAME`, `runs/NAME-2`, … */
async function newRunFolder(wanted: string | undefined, name: string): Promise<string> {
  const used = async (folder: string) =>
    await Deno.stat(join(folder, CHECKPOINT)).then(() => true, () => false);
  if (wanted !== undefined) {
    if (await used(wanted)) {
      throw new UserError(
        `${wanted} already holds a checkpoint: go on from it with --resume ${wanted}, or choose ` +
          `another --out`,
      );
    }
    return wanted;
  }
  for (let n = 1;; n++) {
    const folder = join("runs", n === 1 ? name : `${name}-${n}`);
    if (!await used(folder)) return folder;
  }
}

async function runPlan(
  gpu: Gpu,
  plan: Plan,
  { resumed, out, dataset, trainLoader, testLoader, events }: {
    readonly resumed: Checkpoint | null;
    readonly out: string;
    readonly dataset: Dataset;
    readonly trainLoader: BatchLoader;
    readonly testLoader: BatchLoader;
    readonly events: RunEvents;
  },
): Promise<TrainingResult> {
  const { recipe } = plan;
  const modelOptions = { ...plan.model, classes: dataset.classes.length };
  const model = buildModel(gpu, modelOptions, recipe.seed);
  if (plan.pretrained !== undefined && !resumed) {
    const report = await takePretrained(model, plan.pretrained, modelOptions.arch);
    events.onLine(`${plan.pretrained}: ${describeReport(report)}`);
  }
  const optimiser = buildOptimiser(model, recipe);
  if (resumed) restore(resumed, model, optimiser);
  events.onLine(describe(gpu, plan, dataset, model, resumed));

  const checkpoint = join(out, CHECKPOINT);
  const save = async (progress: TrainingProgress) => {
    const header: CheckpointHeader = {
      model: modelOptions,
      recipe,
      dataset: { name: plan.dataset, root: resolve(dataset.root) },
      classNames: dataset.classes,
      progress,
    };
    await saveCheckpoint(checkpoint, model, optimiser, header);
  };
  const { onProfile } = events;
  const started = performance.now();
  const pace = new Pace(recipe, dataset.train.ids.length, resumed?.header.progress ?? NOT_BEGUN);
  const progress = await train(model, optimiser, trainLoader, {
    recipe,
    progress: resumed?.header.progress ?? NOT_BEGUN,
    signal: events.signal,
    events: {
      onStep(epoch, _batches, { loss, correct, images }) {
        events.onProgress({
          label: `epoch ${epoch}/${recipe.epochs}`,
          loss: loss / images,
          accuracy: correct / images,
          ...pace.at(epoch, images),
        });
      },
      ...(onProfile && {
        onProfile: (spans: readonly Span[]) =>
          onProfile({ spans, adapter: gpu.adapter, folder: out }),
      }),
      async onEpoch(progress) {
        const { epoch, trainLoss, trainAccuracy } = progress;
        const seconds = (performance.now() - started) / 1000;
        const [loss, accuracy] = [trainLoss.at(-1)!, trainAccuracy.at(-1)!];
        events.onLine(
          `epoch ${epoch}/${recipe.epochs}  loss ${loss.toFixed(4)}  ` +
            `accuracy ${(100 * accuracy).toFixed(1)} %  ${
              pace.imagesPerSecond.toFixed(0)
            } images/s`,
        );
        await save(progress);
        await log(out, {
          epoch,
          train_loss: loss,
          train_accuracy: accuracy,
          lr: learningRate(recipe, epoch),
          seconds,
        });
      },
    },
  });
  const interrupted = progress.epoch < recipe.epochs;
  const seconds = (performance.now() - started) / 1000;
  const { imagesPerSecond } = pace;
  let finished: RunOutcome | null = null;
  if (interrupted) {
    await save(progress);
    events.onLine(`Stopped; go on with ./calm train --resume ${out}`);
  } else {
    finished = await concludeRun(
      { model, options: modelOptions, crop: recipe.transform.crop },
      { name: plan.dataset, dataset, testLoader },
      {
        pretrained: plan.pretrained,
        recipe,
        progress,
        seconds,
        imagesPerSecond,
        resumedAt: resumed?.header.progress.epoch ?? 0,
        out,
        checkpoint,
      },
      events,
    );
  }
  const { description, fallback } = gpu.adapter;
  optimiser.dispose();
  model.dispose();
  return {
    dataset: plan.dataset,
    arch: plan.model.arch,
    method: plan.model.method,
    seed: recipe.seed,
    epochs: progress.epoch,
    train_loss: progress.trainLoss,
    test_accuracy: finished?.accuracy ?? null,
    images_per_second: imagesPerSecond,
    seconds: (performance.now() - started) / 1000,
    checkpoint,
    contact_sheet: finished?.contactSheet ?? null,
    report: finished?.report ?? null,
    attribution: finished?.attribution ?? null,
    adapter: { description, fallback },
    interrupted,
  };
}

/** Pictures per second and time left. */
class Pace {
  #perEpoch: number;
  #total: number;
  #start: number;
  #done = 0;
  #began = performance.now();

  constructor(recipe: TrainingRecipe, perEpoch: number, { epoch, totals }: TrainingProgress) {
    this.#perEpoch = perEpoch;
    this.#total = recipe.epochs * perEpoch;
    this.#start = epoch * perEpoch + totals.images;
  }

  /** Pictures trained on per second since the start. */
  get imagesPerSecond(): number {
    return this.#done / ((performance.now() - this.#began) / 1000);
  }

  at(epoch: number, images: number) {
    const reached = (epoch - 1) * this.#perEpoch + images;
    this.#done = reached - this.#start;
    const { imagesPerSecond } = this;
    const secondsLeft = (this.#total - reached) / imagesPerSecond;
    return { share: reached / this.#total, imagesPerSecond, secondsLeft };
  }
}

function describe(
  gpu: Gpu,
  { model: { arch, method, prior, largeFeatureMap }, recipe, dataset: name }: Plan,
  dataset: Dataset,
  model: Classifier,
  resumed: Checkpoint | null,
): string {
  const parameters = model.parameters().reduce((sum, { tensor }) => sum + tensor.size, 0);
  const from = resumed ? `, resumed from ${resumed.path}` : "";
  return `${method}${method === "cam" ? "" : ` (${prior} prior)`} on ${name}: ` +
    `${dataset.classes.length} classes, ${dataset.train.ids.length} training and ` +
    `${dataset.test.ids.length} test pictures\n${arch}${
      largeFeatureMap ? ", large feature map" : ""
    }, ${parameters.toLocaleString("en")} ` +
    `parameters; ${recipe.epochs} epochs of batches of ${recipe.batchSize} at ` +
    `${recipe.transform.crop}×${recipe.transform.crop}${from}\nadapter: ${gpu.adapter.description}` +
    (gpu.adapter.fallback ? " (software: shaders run on the processor)" : "");
}
