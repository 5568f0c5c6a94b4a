import { join } from "node:path";
import { Interrupted, UserError } from "../../engine/errors.ts";
import type { AdapterDescription, Gpu } from "../../engine/gpu.ts";
import type { Dataset } from "../../data/dataset.ts";
import { BatchLoader } from "../../data/loader.ts";
import type { Method } from "../../model/methods.ts";
import { openGpu } from "../../model/open_gpu.ts";
import { buildModel, type ModelOptions } from "../../model/build.ts";
import { readCheckpoint, saveCheckpoint } from "../../model/stored/checkpoint.ts";
import { NOT_BEGUN, type TrainingProgress } from "../../model/training/progress.ts";
import { type Checkpoint, restore } from "../../model/stored/restore.ts";
import { describeReport, takePretrained } from "../../model/stored/pretrained.ts";
import { buildObjective, buildOptimiser } from "../../model/training/trainer.ts";
import { concludeRun, reportOf, type RunOutcome } from "./conclude_run.ts";
import type { OwnScores } from "./own_scores.ts";
import { Pace } from "./pace.ts";
import { expectOwnReport } from "../present/report/own_report.ts";
import { CHECKPOINT } from "../../model/stored/run_files.ts";
import { takeNewRunFolder, takeRunFolder } from "./run_folder.ts";
import { timeOfEpoch } from "./run_log.ts";
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
import { shellWord } from "../present/report/shell.ts";

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
  /** True when Ctrl-C or a signal ended the run early. */
  readonly interrupted: boolean;
}

/**
 * Trains a model, tests it, and writes a report with maps of test pictures. A run that was stopped
 * before its report is only tested and reported. Nothing else writes to the run's folder meanwhile.
 *
 * @throws {UserError} for what a user can mend; `DivergedError` when training left the numbers
 */
export async function trainAndReport(
  settings: TrainingSettings,
  events: RunEvents,
): Promise<TrainingResult> {
  const { resume, out } = settings;
  const folder = resume === undefined
    ? await takeNewRunFolder(out, runName(newPlan(settings)))
    : await takeRunFolder(resume);
  try {
    return await trainIn(folder.path, settings, events);
  } finally {
    await folder.release();
  }
}

async function trainIn(
  out: string,
  settings: TrainingSettings,
  events: RunEvents,
): Promise<TrainingResult> {
  const resumed = settings.resume === undefined ? null : await readCheckpoint(settings.resume);
  const plan = resumed ? planOf(resumed, settings) : newPlan(settings);
  if (resumed) await expectUnfinished(resumed, plan, out);
  await expectOwnReport(join(out, "report.html"));
  const dataset = await openTrainable(plan, resumed, events);
  const { memoryLimit, skipCorrupt, workers, saveEvery } = settings;
  const gpu = await openGpu(memoryLimit ? { memoryLimit: memoryLimit * 2 ** 20 } : {});
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
    const run = { plan, resumed, out, dataset, trainLoader, testLoader, saveEvery, events };
    return await runPlan(gpu, run);
  } finally {
    trainLoader.close();
    testLoader.close();
    gpu.destroy();
  }
}

/** @throws {UserError} when the run has seen all its epochs and its report is written */
async function expectUnfinished(
  { path, header: { progress: { epoch } } }: Checkpoint,
  { recipe }: Plan,
  out: string,
): Promise<void> {
  const report = epoch === recipe.epochs ? await reportOf(out, epoch) : null;
  if (report === null) return;
  throw new UserError(
    `${path} has already seen ${epoch} epochs: --epochs has to be more than that to go on, and ` +
      `the report is ${report}`,
  );
}

/** A run and what it works with. */
interface Run {
  readonly plan: Plan;
  readonly resumed: Checkpoint | null;
  readonly out: string;
  readonly dataset: Dataset;
  readonly trainLoader: BatchLoader;
  readonly testLoader: BatchLoader;
  readonly saveEvery?: number;
  readonly events: RunEvents;
}

async function runPlan(gpu: Gpu, run: Run): Promise<TrainingResult> {
  const { plan, resumed, out, dataset, events } = run;
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
  const data = describeData(plan.dataset, dataset);
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
  const started = performance.now();
  const pace = new Pace(recipe, dataset.train.ids.length, resumed?.header.progress ?? NOT_BEGUN);
  const progress = await trainAndSave(run, { model, optimiser, objective, pace, save });
  const { seconds, imagesPerSecond } = pace;
  let finished: RunOutcome | null = null;
  if (progress.epoch < recipe.epochs) {
    await save(progress);
    events.onLine(`Stopped; go on with ./calm train --resume ${shellWord(out)}`);
  } else {
    const resumedAt = resumed?.header.progress.epoch ?? 0;
    finished = await concludeUnlessStopped(
      { model, options, crop: recipe.transform.crop },
      run,
      {
        pretrained: plan.pretrained,
        recipe,
        progress,
        ...(resumedAt < recipe.epochs
          ? { seconds, imagesPerSecond, resumedAt }
          : await timeOfEpoch(out, recipe.epochs)),
        out,
        checkpoint,
      },
    );
  }
  const { description, fallback } = gpu.adapter;
  objective.dispose?.();
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
    interrupted: finished === null,
  };
}

/** Tests, measures and reports; null when that was stopped. */
async function concludeUnlessStopped(
  opened: Parameters<typeof concludeRun>[0],
  { plan, dataset, testLoader, out, events }: Run,
  training: Parameters<typeof concludeRun>[2],
): Promise<RunOutcome | null> {
  try {
    const data = { name: plan.dataset, dataset, testLoader };
    return await concludeRun(opened, data, training, events);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    events.onLine(
      `Stopped before the report was written; ./calm train --resume ${
        shellWord(out)
      } tests and reports`,
    );
    return null;
  }
}
