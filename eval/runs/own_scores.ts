import type { Dataset } from "../../data/dataset.ts";
import type { OpenedModel } from "../../model/stored/open_model.ts";
import { resultsOf } from "../measures/job/counts.ts";
import type { Pass } from "../measures/job/job.ts";
import { ownMeasures, possibleOn } from "../measures/job/plan.ts";
import { runJob } from "../measures/job/run_job.ts";
import { describeSubject } from "../measures/job/subject.ts";
import { supersetsFor } from "../measures/supersets.ts";
import type { Table } from "../present/tables/table.ts";
import { buildTables } from "../present/tables/tables.ts";

/** How well a model's own maps explain it, in the paper's three measures. */
export interface OwnScores extends Record<string, unknown> {
  /** Table 1; null where no two classes differ in few enough parts. */
  readonly mpxap: Readonly<Record<string, number>> | null;
  /** Figure 5, erased by blur: percentages, and accuracy relative to random erasing. */
  readonly k: readonly number[];
  readonly relative_accuracy: readonly number[];
  /** Table 3: MaxBoxAccV2 of the map of the class, and summed over its superset. */
  readonly max_box_acc: number | null;
  readonly max_box_acc_superset: number | null;
}

/**
 * Measures a model that was just trained, with the paper's settings.
 *
 * @param checkpoint the model's file
 * @param onProgress told the share that is done
 * @returns the numbers, and tables of them
 */
export async function measureOwnMaps(
  checkpoint: string,
  opened: Pick<OpenedModel, "model" | "options" | "crop">,
  dataset: Dataset,
  onProgress: (share: number) => void,
): Promise<{ readonly scores: OwnScores; readonly tables: readonly Table[] }> {
  const possible = await possibleOn(dataset, () => {});
  const subject = await describeSubject(checkpoint, opened, dataset, {
    batchSize: 32,
    supersets: supersetsFor(dataset.name, dataset.classes.length),
  });
  const pass: Pass = {
    split: "test",
    pairedOnly: false,
    choosesThresholds: false,
    measures: ownMeasures(subject.method, possible),
  };
  const counts = await runJob({ subject, passes: [pass] }, opened, dataset, {
    shard: { index: 0, count: 1 },
    onProgress,
  });
  const measured = resultsOf(counts);
  const boxes = measured.flatMap((each) => each.what === "wsol" ? [each.result.boxes] : []);
  const cues = measured.find((each) => each.what === "cue-localization");
  const erasing = measured.find((each) => each.what === "remove-and-classify")!;
  return {
    scores: {
      mpxap: cues?.result.mpxap ?? null,
      k: erasing.result.k,
      relative_accuracy: erasing.result.relativeAccuracy,
      max_box_acc: boxes[0]?.mean ?? null,
      max_box_acc_superset: boxes[1]?.mean ?? null,
    },
    tables: buildTables([{ label: "", subject, measured }]),
  };
}
