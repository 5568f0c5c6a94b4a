import type { Dataset } from "../../data/dataset.ts";
import { DATASET_NAMES, type DatasetName, openDataset } from "../../data/open.ts";
import { expectSameClasses } from "../../data/class_names.ts";
import { exists } from "../../data/files.ts";
import { untrainedClasses } from "../../data/untrained_classes.ts";
import { Interrupted, UserError } from "../../engine/errors.ts";
import type { Gpu } from "../../engine/gpu.ts";
import type { Counts, Job, Pass } from "../../eval/measures/job/job.ts";
import { runJob } from "../../eval/measures/job/run_job.ts";
import { describeSubject } from "../../eval/measures/job/subject.ts";
import { kindOf } from "../../eval/measures/measures.ts";
import { OFFICIAL_STEP } from "../../eval/measures/pixel_ap.ts";
import { type Upscaling, UPSCALINGS } from "../../eval/maps/upscale.ts";
import { duration } from "../../eval/present/report/words.ts";
import { openSupersets, type Supersets, supersetsFor } from "../../eval/measures/supersets.ts";
import { type ForeignOptions, type OpenedModel, openModel } from "../../model/stored/open_model.ts";
import { untilInterrupted } from "../interrupts.ts";
import type { ParsedOptions } from "../options.ts";
import { type Progress, tell, warn } from "../progress.ts";
import { shardOf } from "../shard.ts";

/** What the passes of a job are made from. */
export interface Opened {
  readonly model: OpenedModel;
  readonly dataset: Dataset;
}

/** Opens the data set that the options name. `--data` may hold a data set's name, too. */
export async function openDatasetOf(options: ParsedOptions, progress: Progress): Promise<Dataset> {
  const { name, folder } = await datasetOf(options);
  const dataset = await openDataset(name, folder, {
    onLine: tell,
    onProgress: ({ label, share }) => progress.update(label, share, ""),
  });
  const { root, classes, train: { labels } } = dataset;
  const untrained = labels.length > 0 ? untrainedClasses(classes, labels) : null;
  if (untrained) warn(`${root}: ${untrained}`);
  return dataset;
}

async function datasetOf(
  options: ParsedOptions,
): Promise<{ name: DatasetName; folder: string | undefined }> {
  const [name, folder] = [options.text("dataset"), options.text("data")];
  const isName = DATASET_NAMES.includes(folder as DatasetName) && name === undefined;
  if (isName && !await exists(folder!)) {
    return { name: folder as DatasetName, folder: undefined };
  }
  return { name: options.setting("dataset") as DatasetName, folder };
}

/**
 * Runs the passes of a job on a checkpoint.
 *
 * @param passes decides them once model and data set are known
 * @throws {UserError} when model and data set do not fit, or the job is stopped by Ctrl-C
 */
export async function measureModel(
  gpu: Gpu,
  checkpoint: string,
  { options, progress, dataset, foreign, label, countsFile, passes, work = new Work() }: {
    readonly options: ParsedOptions;
    readonly progress: Progress;
    readonly dataset: Dataset;
    readonly foreign: ForeignOptions;
    /** In front of the progress bar. */
    readonly label: string;
    readonly countsFile?: string;
    readonly passes: (opened: Opened) => Promise<Pass[]> | Pass[];
    /** The jobs of which this is one; default this alone. */
    readonly work?: Work;
  },
): Promise<Counts> {
  const model = await openModel(gpu, checkpoint, foreign);
  try {
    const { options: { classes }, classNames } = model;
    expectSameClasses({ path: checkpoint, classes, classNames }, dataset);
    const planned = await passes({ model, dataset });
    const job: Job = {
      subject: await describeSubject(checkpoint, model, dataset, {
        batchSize: options.quantity("batch-size"),
        blur: options.number("blur"),
        seed: options.number("seed"),
        supersets: await supersetsOf(options, dataset, planned),
      }),
      passes: planned,
    };
    return await untilInterrupted(async (signal) => {
      const counts = await runJob(job, model, dataset, {
        shard: shardOf(options),
        countsFile,
        skipCorrupt: options.flag("skip-corrupt"),
        onSkip: (message) => warn(`Left out: ${message}`),
        onProgress: (share, { done, of }) => {
          const left = work.secondsLeft(share);
          const time = left === null ? "" : `, ${duration(left)} left`;
          progress.update(label, work.overall(share), `${done} of ${of} pictures${time}`);
        },
        signal,
      });
      if (signal.aborted) {
        const kept = countsFile === undefined
          ? "; with --counts FILE it could be resumed"
          : `; the same command goes on from ${countsFile}`;
        throw new Interrupted(`Stopped${kept}`);
      }
      return counts;
    });
  } finally {
    model.model.dispose();
  }
}

/** How far several jobs are, one after the other, and how long they will take. */
export class Work {
  #before = 0;
  #own: number;
  /** When and where it was first asked how far it is: what was found done took no time. */
  #start: { readonly at: number; readonly done: number } | null = null;

  /** @param own share of the whole that the first job is */
  constructor(own = 1) {
    this.#own = own;
  }

  /** Goes on to the next job. */
  next(own: number): void {
    this.#before += this.#own;
    this.#own = own;
  }

  /** Share of the whole that is done, of which `share` of the job at hand. */
  overall(share: number): number {
    return this.#before + this.#own * share;
  }

  /** Seconds until the whole is done; null where that cannot be told yet. */
  secondsLeft(share: number): number | null {
    const [at, done] = [performance.now(), this.overall(share)];
    this.#start ??= { at, done };
    const since = done - this.#start.done;
    return since > 0 ? (at - this.#start.at) / 1000 / since * (1 - done) : null;
  }
}

/** The supersets that the options name or the data set has; null where nothing adds them up. */
async function supersetsOf(
  options: ParsedOptions,
  { name, classes }: Dataset,
  passes: readonly Pass[],
): Promise<Supersets | null> {
  const path = options.text("supersets");
  if (path !== undefined) return await openSupersets(path, classes);
  const added = passes.some(({ measures }) =>
    measures.some((measure) => kindOf(measure) === "subset")
  );
  return added ? supersetsFor(name, classes.length) : null;
}

/** `--step` and `--upscale`. */
export function wsolOptions(options: ParsedOptions) {
  return {
    step: options.number("step") ?? OFFICIAL_STEP,
    upscaling: (options.text("upscale") ?? UPSCALINGS[0]) as Upscaling,
  };
}

/**
 * A pass, with one before it that chooses the thresholds of boxes where `--thresholds-on` wants it.
 *
 * @throws {UserError} where there are no boxes
 */
export function withTuning(
  pass: Pass,
  { name }: Pick<Dataset, "name">,
  options: ParsedOptions,
): Pass[] {
  const split = options.text("thresholds-on") as Pass["split"] | undefined;
  const measures = pass.measures.filter(({ what }) => what === "wsol");
  if (split === undefined || split === pass.split || measures.length === 0) return [pass];
  if (name === "openimages") {
    throw new UserError(
      `--thresholds-on is for thresholds of boxes; ${name} has masks, whose PxAP has none: leave it out`,
    );
  }
  return [{ split, pairedOnly: false, choosesThresholds: true, measures }, pass];
}
