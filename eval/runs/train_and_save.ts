import type { AdapterDescription } from "../../engine/gpu.ts";
import type { Span } from "../../engine/profiler.ts";
import type { BatchLoader } from "../../data/loader.ts";
import type { Classifier } from "../../model/classifier.ts";
import { NOT_BEGUN, type TrainingProgress } from "../../model/training/progress.ts";
import { learningRate } from "../../model/training/recipe.ts";
import type { Checkpoint } from "../../model/stored/restore.ts";
import type { Objective } from "../../model/training/objective.ts";
import type { Sgd } from "../../model/training/sgd.ts";
import { DivergedError, train } from "../../model/training/trainer.ts";
import type { Pace } from "./pace.ts";
import { log } from "./run_log.ts";
import type { Plan } from "./run_plan.ts";

/** What is told while a run goes on. */
export interface RunEvents {
  readonly signal: AbortSignal;
  /** A line worth keeping. */
  onLine(text: string): void;
  /** What the run was for. */
  onResult(text: string): void;
  /** Asks for a profile of a few training steps. `folder` is the run's. */
  onProfile?(profile: {
    readonly spans: readonly Span[];
    readonly adapter: AdapterDescription;
    readonly folder: string;
  }): Promise<void>;
  /** Where the work stands; the numbers are there while training. */
  onProgress(state: {
    readonly label: string;
    readonly share: number;
    readonly loss?: number;
    readonly accuracy?: number;
    /** Mean −log p(ŷ|x), where the loss is another one. */
    readonly negativeLogLikelihood?: number;
    readonly imagesPerSecond?: number;
    readonly secondsLeft?: number;
  }): void;
}

/**
 * Trains, and replaces the checkpoint after each epoch and wherever else it is asked for.
 *
 * @throws {DivergedError} saying which checkpoint is left
 */
export async function trainAndSave(
  { plan: { recipe }, resumed, out, trainLoader, saveEvery, events }: {
    readonly plan: Plan;
    readonly resumed: Checkpoint | null;
    readonly out: string;
    readonly trainLoader: BatchLoader;
    readonly saveEvery?: number;
    readonly events: RunEvents;
  },
  { model, optimiser, objective, pace, save }: {
    readonly model: Classifier;
    readonly optimiser: Sgd;
    readonly objective: Objective;
    readonly pace: Pace;
    readonly save: (progress: TrainingProgress) => Promise<void>;
  },
): Promise<TrainingProgress> {
  const { onProfile, signal } = events;
  const begun = resumed?.header.progress ?? NOT_BEGUN;
  const { adapter } = model.gpu;
  let saved = resumed?.header.progress ?? null;
  // Of the other methods it is the loss; runs that were begun long ago do not have it.
  const tellsLikelihood = model.method === "calm-em" &&
    begun.trainNegativeLogLikelihood !== undefined;
  const keep = async (progress: TrainingProgress) => {
    await save(progress);
    saved = progress;
  };
  try {
    return await train(model, optimiser, trainLoader, {
      recipe,
      objective,
      progress: begun,
      signal,
      saveEvery,
      events: {
        onStep(epoch, _batches, { loss, correct, images, negativeLogLikelihood }) {
          events.onProgress({
            label: `epoch ${epoch}/${recipe.epochs}`,
            loss: loss / images,
            accuracy: correct / images,
            ...(tellsLikelihood && { negativeLogLikelihood: negativeLogLikelihood! / images }),
            ...pace.at(epoch, images),
          });
        },
        ...(onProfile && {
          onProfile: (spans: readonly Span[]) => onProfile({ spans, adapter, folder: out }),
        }),
        onSave: keep,
        async onEpoch(progress) {
          const { epoch, trainLoss, trainAccuracy } = progress;
          const { seconds, imagesPerSecond } = pace;
          const [loss, accuracy] = [trainLoss.at(-1)!, trainAccuracy.at(-1)!];
          const likelihood = progress.trainNegativeLogLikelihood?.at(-1);
          const told = tellsLikelihood ? `−log p ${likelihood!.toFixed(4)}  ` : "";
          events.onLine(
            `epoch ${epoch}/${recipe.epochs}  loss ${loss.toFixed(4)}  ${told}` +
              `accuracy ${(100 * accuracy).toFixed(1)} %  ${imagesPerSecond.toFixed(0)} images/s`,
          );
          await keep(progress);
          await log(out, {
            epoch,
            train_loss: loss,
            train_accuracy: accuracy,
            ...(likelihood !== undefined && { train_negative_log_likelihood: likelihood }),
            lr: learningRate(recipe, epoch),
            seconds,
            images_per_second: imagesPerSecond,
            ...(begun.epoch > 0 && { resumed_at: begun.epoch }),
          });
        },
      },
    });
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    const left = saved
      ? `the checkpoint of ${whereIs(saved)} is left in ${out}`
      : "no checkpoint was written";
    throw new DivergedError(`${error.message}; ${left}`, {
      cause: error,
      settings: error.settings,
    });
  }
}

/** `epoch 3`, or `epoch 3 and 40 steps`. */
function whereIs({ epoch, batch }: TrainingProgress): string {
  return `epoch ${epoch}${batch > 0 ? ` and ${batch} steps` : ""}`;
}
