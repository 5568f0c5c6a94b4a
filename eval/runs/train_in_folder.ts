import { join } from "node:path";
import type { Dataset } from "../../data/dataset.ts";
import { BatchLoader } from "../../data/loader.ts";
import type { Gpu } from "../../engine/gpu.ts";
import { buildModel, type ModelOptions } from "../../model/build.ts";
import { openGpu } from "../../model/open_gpu.ts";
import { readCheckpoint, saveCheckpoint } from "../../model/stored/checkpoint.ts";
import type { OpenedModel } from "../../model/stored/open_model.ts";
import { describeReport, takePretrained } from "../../model/stored/pretrained.ts";
import { type Checkpoint, restore } from "../../model/stored/restore.ts";
import { CHECKPOINT } from "../../model/stored/run_files.ts";
import { NOT_BEGUN, type TrainingProgress } from "../../model/training/progress.ts";
import { buildObjective, buildOptimiser } from "../../model/training/trainer.ts";
import { Pace } from "./pace.ts";
import { takeNewRunFolder, takeRunFolder } from "./run_folder.ts";
import {
  describeData,
  describeRun,
  newPlan,
  openTrainable,
  type Plan,
  planOf,
  runName,
  type TrainingSettings,
} from "./run_plan.ts";
import { type RunEvents, trainAndSave } from "./train_and_save.ts";

/** A run before its training. */
export interface BegunRun {
  readonly plan: Plan;
  /** The checkpoint that it goes on from. */
  readonly resumed: Checkpoint | null;
  /** Its folder. */
  readonly out: string;
}

/** A run whose training is over, or was stopped. */
export interface TrainedRun extends BegunRun, Pick<OpenedModel, "model" | "options" | "crop"> {
  readonly dataset: Dataset;
  readonly testLoader: BatchLoader;
  readonly progress: TrainingProgress;
  /** Whether all epochs are done. */
  readonly isComplete: boolean;
  /** The file that holds the model. */
  readonly checkpoint: string;
  readonly pace: Pace;
}

/** What goes before a run's training, and what comes after it. */
export interface Stages<T> {
  /** May refuse the run. */
  readonly begin?: (run: BegunRun) => Promise<void>;
  /** Called whether training is over or was stopped; the model is gone afterwards. */
  readonly conclude: (run: TrainedRun) => Promise<T>;
}

/**
 * Trains a model in a folder to which nothing else writes meanwhile: the one to go on in, the one
 * that was asked for, or a free one.
 *
 * @returns what it was concluded with
 * @throws {UserError} for what a user can mend; `DivergedError` when training left the numbers
 */
export async function trainInFolder<T>(
  settings: TrainingSettings,
  events: RunEvents,
  stages: Stages<T>,
): Promise<T> {
  const { resume, out } = settings;
  const folder = resume === undefined
    ? await takeNewRunFolder(out, runName(newPlan(settings)))
    : await takeRunFolder(resume);
  try {
    const resumed = resume === undefined ? null : await readCheckpoint(resume);
    const plan = resumed ? planOf(resumed, settings) : newPlan(settings);
    const begun = { plan, resumed, out: folder.path };
    await stages.begin?.(begun);
    return await openAndTrain(begun, settings, events, stages);
  } finally {
    await folder.release();
  }
}

async function openAndTrain<T>(
  begun: BegunRun,
  { memoryLimit, skipCorrupt, workers, saveEvery }: TrainingSettings,
  events: RunEvents,
  { conclude }: Stages<T>,
): Promise<T> {
  const { plan: { recipe }, resumed } = begun;
  const dataset = await openTrainable(begun.plan, resumed, events);
  const gpu = await openGpu(memoryLimit ? { memoryLimit: memoryLimit * 2 ** 20 } : {});
  const loaderOptions = {
    transform: recipe.transform,
    seed: recipe.seed,
    skipCorrupt,
    workers,
    onSkip: (message: string) => events.onLine(`Left out: ${message}`),
  };
  const trainLoader = new BatchLoader(dataset.train, {
    ...loaderOptions,
    batchSize: recipe.batchSize,
    train: true,
  });
  const testLoader = new BatchLoader(dataset.test, {
    ...loaderOptions,
    batchSize: recipe.microBatch ?? Math.max(recipe.batchSize, 32),
    train: false,
  });
  try {
    return await train(
      gpu,
      { ...begun, dataset, trainLoader, testLoader, saveEvery, events },
      conclude,
    );
  } finally {
    trainLoader.close();
    testLoader.close();
    gpu.destroy();
  }
}

/** A run and what it works with. */
interface OpenedRun extends BegunRun {
  readonly dataset: Dataset;
  readonly trainLoader: BatchLoader;
  readonly testLoader: BatchLoader;
  readonly saveEvery?: number;
  readonly events: RunEvents;
}

async function train<T>(gpu: Gpu, run: OpenedRun, conclude: Stages<T>["conclude"]): Promise<T> {
  const { plan, resumed, out, dataset, testLoader, events } = run;
  const { recipe } = plan;
  const options: ModelOptions = { ...plan.model, classes: dataset.classes.length };
  const model = buildModel(gpu, options, recipe.seed);
  if (plan.pretrained !== undefined && !resumed) {
    const report = await takePretrained(model, plan.pretrained, options.arch, {
      weights: plan.pretrainedWeights,
      say: events.onLine,
    });
    events.onLine(`${plan.pretrained}: ${describeReport(report)}`);
  }
  const optimiser = buildOptimiser(model, recipe);
  const objective = buildObjective(model, recipe, () => buildModel(gpu, options, recipe.seed));
  const training = [...optimiser.state(), ...objective.state?.() ?? []];
  if (resumed) restore(resumed, model, training);
  events.onLine(describeRun(gpu, plan, dataset, model, resumed));

  const checkpoint = join(out, CHECKPOINT);
  const data = describeData(plan, dataset);
  const save = async (progress: TrainingProgress) => {
    const header = {
      model: options,
      recipe,
      dataset: data,
      classNames: dataset.classes,
      progress,
    };
    await saveCheckpoint(checkpoint, model, training, header);
  };
  const pace = new Pace(recipe, dataset.train.ids.length, resumed?.header.progress ?? NOT_BEGUN);
  const progress = await trainAndSave(run, { model, optimiser, objective, pace, save });
  const isComplete = progress.epoch === recipe.epochs;
  if (!isComplete) await save(progress);
  const result = await conclude({
    ...{ plan, resumed, out, dataset, testLoader, progress, isComplete, checkpoint, pace },
    ...{ model, options, crop: recipe.transform.crop },
  });
  objective.dispose?.();
  optimiser.dispose();
  model.dispose();
  return result;
}
