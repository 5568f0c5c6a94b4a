import type { Dataset } from "../../../data/dataset.ts";
import type { OpenedModel } from "../../../model/stored/open_model.ts";
import { ownKind } from "../../maps/kinds.ts";
import { resultsOf } from "../../measures/job/counts.ts";
import type { Pass } from "../../measures/job/job.ts";
import { runJob } from "../../measures/job/run_job.ts";
import { describeSubject } from "../../measures/job/subject.ts";
import type { Measured } from "../../measures/measures.ts";
import { OFFICIAL_STEP } from "../../measures/pixel_ap.ts";
import type { LocalizationScores } from "../../measures/wsol/object_localization.ts";
import type { RunEvents } from "../train_and_save.ts";
import type { TrainingSettings } from "../run_plan.ts";
import { trainInFolder } from "../train_in_folder.ts";

/** How well maps localize, from 0 to 100. */
export interface Score {
  /** `MaxBoxAccV2` where pictures have boxes, `PxAP` where they have masks. */
  readonly measure: string;
  readonly value: number;
}

/** A model and where its numbers come from. */
export interface ScoredModel extends Pick<OpenedModel, "model" | "options" | "crop"> {
  readonly checkpoint: string;
  readonly dataset: Dataset;
}

/** Told how far the measuring is; `signal` ends it. */
export type ScoreEvents = Pick<RunEvents, "signal" | "onProgress" | "onLine">;

/**
 * Trains a model and measures how well its own maps localize on the pictures to choose on.
 *
 * @returns null when it was stopped; the same call goes on
 * @throws {DivergedError} when training left the numbers
 */
export async function trainAndScore(
  settings: TrainingSettings,
  events: RunEvents,
): Promise<Score | null> {
  return await trainInFolder(settings, events, {
    async conclude(run) {
      if (!run.isComplete) return null;
      const skipCorrupt = settings.skipCorrupt;
      const measured = await localize(
        run,
        { split: "val", skipCorrupt, classifies: false },
        events,
      );
      return measured && scoreOf(measured);
    },
  });
}

/** The score of a model on test pictures. */
export interface TestScore {
  readonly score: Score;
  /** Share of the test pictures whose class it says. */
  readonly accuracy: number;
}

/** The same on the test pictures, with the accuracy; null when it was stopped. */
export async function scoreOnTest(
  model: ScoredModel,
  { skipCorrupt }: { readonly skipCorrupt: boolean },
  events: ScoreEvents,
): Promise<TestScore | null> {
  const measured = await localize(model, { split: "test", skipCorrupt, classifies: true }, events);
  if (!measured) return null;
  const classified = measured.find((each) => each.what === "classification")!;
  return { score: scoreOf(measured), accuracy: classified.result.accuracy };
}

/** Maps are scaled up as in the benchmark. */
async function localize(
  { checkpoint, dataset, ...opened }: ScoredModel,
  { split, skipCorrupt, classifies }: {
    readonly split: "val" | "test";
    readonly skipCorrupt: boolean;
    readonly classifies: boolean;
  },
  { signal, onProgress, onLine }: ScoreEvents,
): Promise<Measured[] | null> {
  const kind = ownKind(opened.options.method);
  const pass: Pass = {
    ...{ split, pairedOnly: false, choosesThresholds: false },
    measures: [
      ...(classifies ? [{ what: "classification", options: {} } as const] : []),
      { what: "wsol", options: { kind, step: OFFICIAL_STEP, upscaling: "cubic" } },
    ],
  };
  const subject = await describeSubject(checkpoint, opened, dataset, {
    batchSize: 32,
    supersets: null,
  });
  const counts = await runJob({ subject, passes: [pass] }, opened, dataset, {
    shard: { index: 0, count: 1 },
    skipCorrupt,
    signal,
    onSkip: (message) => onLine(`Left out: ${message}`),
    onProgress: (share) => onProgress({ label: "localizing", share }),
  });
  return signal.aborted ? null : resultsOf(counts);
}

function scoreOf(measured: readonly Measured[]): Score {
  const { boxes, pxap }: LocalizationScores = measured.find((each) => each.what === "wsol")!.result;
  return boxes ? { measure: "MaxBoxAccV2", value: boxes.mean } : { measure: "PxAP", value: pxap! };
}
