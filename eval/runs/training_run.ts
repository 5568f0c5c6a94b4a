import { join } from "node:path";
import { Interrupted, UserError } from "../../engine/errors.ts";
import type { AdapterDescription } from "../../engine/gpu.ts";
import type { Method } from "../../model/methods.ts";
import { concludeRun, reportOf, type RunOutcome } from "./conclude_run.ts";
import type { OwnScores } from "./own_scores.ts";
import { expectOwnReport } from "../present/report/own_report.ts";
import { timeOfEpoch } from "./run_log.ts";
import type { TrainingSettings } from "./run_plan.ts";
import type { RunEvents } from "./train_and_save.ts";
import { type BegunRun, type TrainedRun, trainInFolder } from "./train_in_folder.ts";
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
  return await trainInFolder(settings, events, {
    async begin(run) {
      await expectUnfinished(run);
      await expectOwnReport(join(run.out, "report.html"));
    },
    conclude: (run) => resultOf(run, events),
  });
}

/** @throws {UserError} when the run has seen all its epochs and its report is written */
async function expectUnfinished({ plan: { recipe }, resumed, out }: BegunRun): Promise<void> {
  const epoch = resumed?.header.progress.epoch;
  const report = epoch === recipe.epochs ? await reportOf(out, epoch) : null;
  if (report === null) return;
  throw new UserError(
    `${resumed!.path} has already seen ${epoch} epochs: --epochs has to be more than that to go ` +
      `on, and the report is ${report}`,
  );
}

async function resultOf(run: TrainedRun, events: RunEvents): Promise<TrainingResult> {
  const { plan: { dataset, model: { arch, method }, recipe: { seed } }, progress, pace } = run;
  const { imagesPerSecond } = pace;
  const finished = await outcomeOf(run, events);
  const { description, fallback } = run.model.gpu.adapter;
  return {
    ...{ dataset, arch, method, seed },
    epochs: progress.epoch,
    train_loss: progress.trainLoss,
    test_accuracy: finished?.accuracy ?? null,
    images_per_second: imagesPerSecond,
    seconds: pace.seconds,
    checkpoint: run.checkpoint,
    contact_sheet: finished?.contactSheet ?? null,
    report: finished?.report ?? null,
    attribution: finished?.attribution ?? null,
    adapter: { description, fallback },
    interrupted: finished === null,
  };
}

/** Tests, measures and reports; null when that, or training, was stopped. */
async function outcomeOf(run: TrainedRun, events: RunEvents): Promise<RunOutcome | null> {
  const { plan, resumed, progress, pace, dataset, testLoader, out, checkpoint } = run;
  if (!run.isComplete) {
    events.onLine(`Stopped; go on with ./calm train --resume ${shellWord(out)}`);
    return null;
  }
  const { pretrained, recipe } = plan;
  const { seconds, imagesPerSecond } = pace;
  const resumedAt = resumed?.header.progress.epoch ?? 0;
  const time = resumedAt < recipe.epochs
    ? { seconds, imagesPerSecond, resumedAt }
    : await timeOfEpoch(out, recipe.epochs);
  try {
    const data = { name: plan.dataset, dataset, testLoader };
    const training = { pretrained, recipe, progress, ...time, out, checkpoint };
    return await concludeRun(run, data, training, events);
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
