import { basename, join } from "node:path";
import { exists } from "../../data/files.ts";
import type { Dataset } from "../../data/dataset.ts";
import { Interrupted, UserError } from "../../engine/errors.ts";
import type { Gpu } from "../../engine/gpu.ts";
import { costsOf } from "../../eval/measures/job/cost.ts";
import { resultsOf } from "../../eval/measures/job/counts.ts";
import type { Pass } from "../../eval/measures/job/job.ts";
import { kindOf } from "../../eval/measures/measures.ts";
import { allMeasures, possibleOn, some } from "../../eval/measures/job/plan.ts";
import { expectOwnFolder, saveTables } from "../../eval/present/tables/save.ts";
import type { MeasuredModel } from "../../eval/present/tables/rows.ts";
import { CHECKPOINT, runFolder } from "../../model/stored/run_files.ts";
import { trainAndReport } from "../../eval/runs/training_run.ts";
import { DEFAULT_LOCATION } from "../../model/calm/location.ts";
import { METHODS } from "../../model/methods.ts";
import { openGpu } from "../../model/open_gpu.ts";
import { openModel } from "../../model/stored/open_model.ts";
import { untilInterrupted } from "../interrupts.ts";
import { modelNames } from "../model_names.ts";
import { checkpointList, foreignOptions } from "../model_options.ts";
import type { ParsedOptions } from "../options.ts";
import { type Progress, tell, tellResult, warn } from "../progress.ts";
import { shardOf } from "../shard.ts";
import {
  measureModel,
  openDatasetOf,
  type Opened,
  withTuning,
  Work,
  wsolOptions,
} from "./model_job.ts";

/** Measures everything of several models and writes the tables. */
export async function measureAll(options: ParsedOptions, progress: Progress) {
  const dataset = await openDatasetOf(options, progress);
  const out = options.text("out") ?? join("runs", `eval-${dataset.name}`);
  await expectOwnFolder(out);
  const { index, count } = shardOf(options);
  const checkpoints = await checkpointsOf(options, dataset, { progress, sharded: count > 1 });
  const possible = await possibleOn(dataset, warn);
  const listOf = (name: string) =>
    options.text(name)?.split(",").map((word) => word.trim()) ?? null;
  const part = count > 1 ? `.${index}-of-${count}` : "";
  const labels = modelNames(checkpoints);
  const passes = ({ model: { options: { method }, crop } }: Pick<Opened, "model">): Pass[] => {
    const all = allMeasures(method, possible, {
      sample: options.quantity("sample"),
      pictures: dataset.test.ids.length,
      side: crop,
      ...wsolOptions(options),
      compatible: options.flag("compat-official"),
      rise: options.flag("rise"),
      seed: options.quantity("seed"),
    });
    const measures = some(all, { names: listOf("measures"), kinds: listOf("map") });
    const test = { pairedOnly: false, choosesThresholds: false, measures };
    return withTuning({ ...test, split: "test" }, dataset, options);
  };
  const models: MeasuredModel[] = [];
  const files: string[] = [];
  const gpu = await openGpu();
  try {
    const shares = await planAll(gpu, checkpoints, { passes, options, dataset });
    const work = new Work(shares[0]);
    for (const [i, checkpoint] of checkpoints.entries()) {
      if (i > 0) work.next(shares[i]);
      const label = labels[i];
      const countsFile = join(out, "counts", `${label}${part}.json`);
      const counts = await measureModel(gpu, checkpoint, {
        options,
        progress,
        dataset,
        foreign: foreignOptions(options),
        label,
        countsFile,
        passes,
        work,
      });
      tell(`${label} is measured; its counts are in ${countsFile}`);
      files.push(countsFile);
      if (count === 1) {
        models.push({ label, subject: counts.job.subject, measured: resultsOf(counts) });
      }
    }
  } finally {
    gpu.destroy();
  }
  if (count > 1) return { counts: files, shard: [index, count] };
  return await writeTables(out, models);
}

/**
 * Says what will be measured of each model.
 *
 * @returns each model's share of the work
 */
async function planAll(
  gpu: Gpu,
  checkpoints: readonly string[],
  { passes, options, dataset }: {
    readonly passes: (opened: Pick<Opened, "model">) => Pass[];
    readonly options: ParsedOptions;
    readonly dataset: Dataset;
  },
): Promise<number[]> {
  const costs: number[] = [];
  const lines: string[] = [];
  for (const checkpoint of checkpoints) {
    const model = await openModel(gpu, checkpoint, foreignOptions(options));
    const planned = passes({ model });
    model.model.dispose();
    const measures = planned.flatMap(({ measures }) => measures);
    const kinds = new Set(measures.map(kindOf).filter((kind) => kind !== null));
    costs.push(
      planned.reduce((sum, pass) => sum + costsOf(pass).reduce((a, b) => a + b, 0), 0),
    );
    lines.push(`  ${checkpoint}: ${measures.length} measures of ${kinds.size} kinds of map`);
  }
  tell(
    [`${dataset.test.ids.length} test pictures of ${dataset.name}, of each model:`, ...lines]
      .join("\n"),
  );
  const total = costs.reduce((a, b) => a + b, 0);
  return costs.map((cost) => cost / total);
}

/** Writes the tables and prints them. */
export async function writeTables(out: string, models: readonly MeasuredModel[]) {
  const { files, report, texts, json } = await saveTables(out, models);
  for (const text of texts) tellResult(`\n${text}`);
  tellResult(`\nwritten to ${out}: ${files.map((file) => basename(file)).join(", ")}`);
  tellResult(`report ${report}`);
  return { out, files, report, ...json };
}

/** The checkpoints that were named, or one for each method; birds' are trained where they lack. */
async function checkpointsOf(
  options: ParsedOptions,
  dataset: Dataset,
  { progress, sharded }: { readonly progress: Progress; readonly sharded: boolean },
): Promise<string[]> {
  const given = options.text("checkpoint");
  if (given !== undefined) return checkpointList(given);
  const found: string[] = [];
  for (const method of METHODS) {
    const folder = runFolder(dataset.name, method);
    const checkpoint = join(folder, CHECKPOINT);
    found.push(checkpoint);
    if (await exists(checkpoint)) continue;
    const train = `./calm train --dataset ${dataset.name} --method ${method}`;
    if (dataset.name !== "birds" || sharded) {
      throw new UserError(`There is no ${checkpoint}: ${train}, or name yours with --checkpoint`);
    }
    tell(`There is no ${checkpoint} yet: training it`);
    const { interrupted } = await untilInterrupted((signal) =>
      trainAndReport({
        dataset: "birds",
        data: dataset.root,
        model: { arch: "small-resnet", method, ...DEFAULT_LOCATION },
        seed: 0,
        out: folder,
        skipCorrupt: options.flag("skip-corrupt"),
        recipe: {},
      }, {
        signal,
        onLine: tell,
        onResult: tell,
        onProgress: ({ label, share }) => progress.update(`${method}: ${label}`, share, ""),
      })
    );
    if (interrupted) throw new Interrupted(`Stopped while training ${checkpoint}`);
  }
  return found;
}
