import { join } from "node:path";
import type { Dataset } from "../../data/dataset.ts";
import type { BatchLoader } from "../../data/loader.ts";
import { exists } from "../../data/files.ts";
import type { DatasetName } from "../../data/open.ts";
import { Interrupted } from "../../engine/errors.ts";
import type { OpenedModel } from "../../model/stored/open_model.ts";
import type { TrainingProgress } from "../../model/training/progress.ts";
import type { TrainingRecipe } from "../../model/training/recipe.ts";
import { writeAtomically } from "../../weights/atomic_write.ts";
import { classify } from "../measures/classification.ts";
import { measureOwnMaps, type OwnScores } from "./own_scores.ts";
import { trainingReport } from "../present/report/training_report.ts";
import { log, readLog } from "./run_log.ts";
import { type Table, toText } from "../present/tables/table.ts";
import { explainTestPictures, saveContactSheet } from "./picture_sheet.ts";

/** What a run comes to. */
export interface RunOutcome {
  readonly accuracy: number;
  readonly contactSheet: string;
  readonly report: string;
  /** Null for data sets without the annotations. */
  readonly attribution: OwnScores | null;
}

/** The training that is over. */
export interface TrainingDone {
  readonly pretrained?: string;
  readonly recipe: TrainingRecipe;
  readonly progress: TrainingProgress;
  /** Of training; null where the log does not tell. */
  readonly seconds: number | null;
  readonly imagesPerSecond: number | null;
  /** Epochs that were complete when it was resumed; 0 when it was not. */
  readonly resumedAt: number;
  readonly out: string;
  readonly checkpoint: string;
}

/** Told how far it is, and tells when to stop. */
interface Events {
  readonly signal?: AbortSignal;
  /** What the run was for. */
  onResult(text: string): void;
  onProgress(state: { readonly label: string; readonly share: number }): void;
}

const REPORT = "report.html";

/** The report of a run that ended after so many epochs; null where it was not written. */
export async function reportOf(out: string, epochs: number): Promise<string | null> {
  const report = join(out, REPORT);
  const isLogged = (await readLog(out)).some(({ concluded }) => concluded === epochs);
  return isLogged && await exists(report) ? report : null;
}

/**
 * Tests a trained model, measures its maps, and writes contact sheet and report.
 *
 * @throws {Interrupted} when the signal stopped it
 */
export async function concludeRun(
  opened: Pick<OpenedModel, "model" | "options" | "crop">,
  { name, dataset, testLoader }: {
    readonly name: DatasetName;
    readonly dataset: Dataset;
    readonly testLoader: BatchLoader;
  },
  training: TrainingDone,
  events: Events,
): Promise<RunOutcome> {
  const { model, options } = opened;
  const { out, checkpoint, recipe } = training;
  const { classes } = dataset;
  const telling = (label: string) => (share: number) => {
    if (events.signal?.aborted) throw new Interrupted(`Stopped while ${label}`);
    events.onProgress({ label, share });
  };
  const testing = telling("testing");
  const test = await classify(
    model,
    testLoader,
    (batches) => testing(batches / testLoader.batchesPerEpoch),
  );
  const { accuracy, loss, images, deadPriors } = test;
  events.onResult(
    `test accuracy ${(100 * accuracy).toFixed(2)} % of ${images} pictures, loss ${loss.toFixed(4)}`,
  );
  if (deadPriors > 0) {
    events.onResult(
      `in ${deadPriors} of them the location prior is zero everywhere and is taken to be uniform`,
    );
  }
  const sheet = await explainTestPictures(model, testLoader, classes.length);
  const contactSheet = await saveContactSheet(join(out, "test_sheet"), sheet, {
    method: model.method,
    classNames: classes,
    dataset: name,
    accuracy,
  });
  await log(out, { test_accuracy: accuracy, test_loss: loss, dead_priors: deadPriors });
  let attribution: OwnScores | null = null;
  let tables: readonly Table[] = [];
  if (name === "birds" || name === "cub") {
    const measured = await measureOwnMaps(checkpoint, opened, dataset, telling("measuring maps"));
    ({ scores: attribution, tables } = measured);
    events.onResult(`\n${tables.map((table) => `${toText(table)}\n`).join("\n")}`);
    await log(out, { attribution });
  }
  const parameters = model.parameters();
  const text = await trainingReport({
    ...training,
    ...sheet,
    dataset: {
      name,
      root: dataset.root,
      classes,
      trainImages: dataset.train.ids.length,
      testImages: images,
    },
    options,
    parameters: parameters.reduce((sum, { tensor }) => sum + tensor.size, 0),
    test,
    adapter: parameters[0].tensor.gpu.adapter,
    tables,
  });
  const report = join(out, REPORT);
  await writeAtomically(report, new TextEncoder().encode(text));
  await log(out, { concluded: recipe.epochs });
  events.onResult(
    `checkpoint    ${checkpoint}\ncontact sheet ${contactSheet}\n` +
      `explorer      ./calm viewer, and drop the checkpoint on it\nreport        ${report}`,
  );
  return { accuracy, contactSheet, report, attribution };
}
