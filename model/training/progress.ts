import type { Totals } from "./running_totals.ts";

/** Where a training run stands: together with the tensors all that is needed to go on. */
export interface TrainingProgress {
  /** Epochs that are complete. */
  readonly epoch: number;
  /** Batches of the next epoch that are done. */
  readonly batch: number;
  /** Sums over those batches. */
  readonly totals: Totals;
  /** Mean training loss of each complete epoch. */
  readonly trainLoss: readonly number[];
  /** Training accuracy (0–1) of each complete epoch. */
  readonly trainAccuracy: readonly number[];
  /**
   * Mean −log p(ŷ|x) of each complete epoch while the weights changed; runs that were begun before it
   * was kept have none.
   */
  readonly trainNegativeLogLikelihood?: readonly number[];
}

/** Progress of a run that has not begun. */
export const NOT_BEGUN: TrainingProgress = {
  epoch: 0,
  batch: 0,
  totals: { loss: 0, correct: 0, images: 0, steps: 0, badStep: 0 },
  trainLoss: [],
  trainAccuracy: [],
  trainNegativeLogLikelihood: [],
};
