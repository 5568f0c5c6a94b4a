import { join } from "node:path";
import { exists } from "../../../data/files.ts";
import { CHECKPOINT } from "../../../model/stored/run_files.ts";
import type { Settings } from "../../../model/training/recipe.ts";
import { DivergedError } from "../../../model/training/trainer.ts";
import type { Shard } from "../../measures/job/job.ts";
import type { RunEvents } from "../train_and_save.ts";
import type { TrainingSettings } from "../run_plan.ts";
import type { Score } from "./score.ts";
import { type Draw, folderOf, readDraw, saveDraw, type Search, settingsOfDraw } from "./search.ts";

/** Trains with some settings and scores; null when it was stopped. */
export type Trainer = (settings: TrainingSettings, events: RunEvents) => Promise<Score | null>;

/**
 * Trains those draws of a part of a search that have no outcome yet, and goes on with a draw that
 * was stopped. One whose training leaves the numbers has failed, which is its outcome.
 *
 * @param shard which part: the draws whose index is `index` modulo `count`
 * @returns the outcomes of the part; incomplete only when the signal stopped it
 */
export async function runDraws(
  search: Search,
  shard: Shard,
  { train, events }: { readonly train: Trainer; readonly events: RunEvents },
): Promise<Draw[]> {
  const mine = Array.from({ length: search.draws }, (_, index) => index)
    .filter((index) => index % shard.count === shard.index);
  const outcomes: Draw[] = [];
  for (const index of mine) {
    const known = await readDraw(search, index);
    const drawEvents: RunEvents = {
      ...events,
      onProgress: ({ label, share, ...numbers }) =>
        events.onProgress({
          ...numbers,
          label: `draw ${index}, ${label}`,
          share: (outcomes.length + share) / mine.length,
        }),
    };
    const outcome = known ?? await runDraw(search, index, train, drawEvents);
    if (!outcome) return outcomes;
    if (!known) {
      await saveDraw(search, outcome);
      events.onLine(describeDraw(outcome));
    }
    outcomes.push(outcome);
  }
  return outcomes;
}

async function runDraw(
  search: Search,
  index: number,
  train: Trainer,
  events: RunEvents,
): Promise<Draw | null> {
  if (events.signal.aborted) return null;
  const settings = settingsOfDraw(search, index);
  const out = folderOf(search, index);
  const checkpoint = join(out, CHECKPOINT);
  const resume = await exists(checkpoint) ? checkpoint : undefined;
  events.onLine(`draw ${index}: ${inWords(settings)}`);
  try {
    const score = await train({ ...search.settingsOf(settings), out, resume }, events);
    return score && { index, settings, score };
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    return { index, settings, score: null, failure: error.message };
  }
}

/** An outcome in a line. */
function describeDraw({ index, score, failure }: Draw): string {
  return `draw ${index}: ${
    score ? `${score.measure} ${score.value.toFixed(1)} % on the pictures to choose on` : failure
  }`;
}

/** `lr 0.00123, large-feature-map true`. */
function inWords(settings: Settings): string {
  return Object.entries(settings).map(([name, value]) => `${name} ${value}`).join(", ");
}
