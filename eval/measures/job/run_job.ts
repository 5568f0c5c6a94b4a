import type { Dataset, Split } from "../../../data/dataset.ts";
import { BatchLoader } from "../../../data/loader.ts";
import { exists } from "../../../data/files.ts";
import { UserError } from "../../../engine/errors.ts";
import type { OpenedModel } from "../../../model/stored/open_model.ts";
import { openAnnotations } from "../annotations.ts";
import type { MapOptions } from "../../maps/batch_maps.ts";
import { picturesOfPairs } from "../cues/paired_pictures.ts";
import { viewOf } from "../evaluation.ts";
import { evaluationOf } from "../measures.ts";
import { costsOf } from "./cost.ts";
import { expectSameJob, readCounts, saveCounts } from "./counts.ts";
import type { Counts, Job, Pass, Shard } from "./job.ts";

/** How a job is run. */
export interface RunOptions {
  readonly shard: Shard;
  /** File that keeps the counts while the job runs, and that it goes on from. */
  readonly countsFile?: string;
  readonly skipCorrupt?: boolean;
  readonly onSkip?: (message: string) => void;
  /** Told the share of this shard's work that is done, and of how many of its pictures. */
  readonly onProgress?: (share: number, pictures: { done: number; of: number }) => void;
  /** Stops the job after the batch at hand; the counts so far are saved. */
  readonly signal?: AbortSignal;
}

/** Milliseconds between two savings of the counts. */
const SAVE_EVERY = 20_000;

/**
 * Measures what a job asks for.
 *
 * @returns the counts; incomplete only when the signal stopped the job
 * @throws {UserError} when annotations are missing, or the file holds counts of something else
 */
export async function runJob(
  job: Job,
  { model, options }: Pick<OpenedModel, "model" | "options">,
  dataset: Dataset,
  run: RunOptions,
): Promise<Counts> {
  const { shard, countsFile, signal } = run;
  const earlier = countsFile !== undefined && await exists(countsFile)
    ? await readCounts(countsFile)
    : null;
  if (earlier) {
    expectSameJob(countsFile!, earlier.job, job);
    if (JSON.stringify(earlier.shard) !== JSON.stringify(shard)) {
      const { index, count } = earlier.shard;
      throw new UserError(`${countsFile} holds shard ${index}/${count}: choose another file`);
    }
  }
  const { blur, seed, supersets } = job.subject;
  const mapOptions: MapOptions = {
    blur,
    seed,
    superset: supersets ? (label) => supersets[label] : undefined,
  };
  const running = job.passes.map((pass, p) =>
    openPass(pass, job, dataset, run, earlier?.passes[p])
  );
  const counts = (): Counts => ({ job, shard, passes: running.map((pass) => pass.counts()) });
  const total = running.reduce((sum, { mine, cost }) => sum + mine.length * cost, 0);
  // Batches are of one size but for the last.
  const pictures = running.reduce((sum, pass) => sum + pass.picturesIn(pass.mine), 0);
  const tell = (ofBatch: number) => {
    const before = running.reduce((sum, { done, cost }) => sum + done.size * cost, 0);
    const done = running.reduce((sum, pass) => sum + pass.picturesIn([...pass.done]), 0);
    run.onProgress?.(Math.min(1, (before + ofBatch) / total), { done, of: pictures });
  };
  let saved = performance.now();
  // Only between batches: half a batch's counts would be counted again.
  const save = async () => {
    if (countsFile !== undefined) await saveCounts(countsFile, counts());
    saved = performance.now();
    return counts();
  };
  try {
    for (const { split, loader, evaluations, costs, done, mine } of running) {
      const annotations = openAnnotations(dataset, split);
      const left = new Set(mine.filter((number) => !done.has(number)));
      for await (const batch of loader.batches(0, (number) => left.has(number))) {
        const ids = Array.from(batch.indices, (index) => split.ids[index]);
        const view = viewOf({ model, options, batch, ids, annotations, mapOptions });
        let ofBatch = 0;
        for (const [i, evaluation] of evaluations.entries()) {
          await evaluation.add(view);
          ofBatch += costs[i];
          if (i < evaluations.length - 1) tell(ofBatch);
        }
        done.add(batch.number);
        tell(0);
        if (signal?.aborted) return await save();
        if (performance.now() - saved > SAVE_EVERY) await save();
      }
      // Batches without any sound picture were not handed out.
      for (const number of mine) done.add(number);
    }
    return await save();
  } finally {
    for (const { loader } of running) loader.close();
  }
}

/** A pass as it is run. */
function openPass(
  { split: name, pairedOnly, measures }: Pass,
  { subject: { crop, batchSize } }: Job,
  dataset: Dataset,
  { shard, skipCorrupt, onSkip }: RunOptions,
  earlier: Counts["passes"][number] | undefined,
) {
  const whole = splitOf(dataset, name);
  const pairs = measures.flatMap(({ what, options }) =>
    what === "cue-localization" ? options.pairs : []
  );
  const split = pairedOnly ? picturesOfPairs(whole, pairs) : whole;
  const loader = BatchLoader.inOrder(split, { crop, batchSize, skipCorrupt, onSkip });
  const evaluations = measures.map((measure, m) => {
    const evaluation = evaluationOf(measure);
    if (earlier) evaluation.merge(earlier.tallies[m]);
    return evaluation;
  });
  const done = new Set(earlier?.done);
  const costs = costsOf({ measures });
  const mine = Array.from({ length: loader.batchesPerEpoch }, (_, number) => number)
    .filter((number) => number % shard.count === shard.index);
  return {
    split,
    loader,
    evaluations,
    done,
    mine,
    costs,
    /** Of a batch. */
    cost: costs.reduce((a, b) => a + b, 0),
    picturesIn: (batches: readonly number[]) =>
      batches.reduce(
        (sum, number) => sum + Math.min(batchSize, split.ids.length - number * batchSize),
        0,
      ),
    counts: () => ({
      batches: loader.batchesPerEpoch,
      done: [...done].sort((a, b) => a - b),
      tallies: evaluations.map((evaluation) => evaluation.tally()),
    }),
  };
}

function splitOf(dataset: Dataset, name: Pass["split"]): Split {
  const split = dataset[name];
  if (!split) throw new UserError(`${dataset.root} has no ${name} split`);
  return split;
}
