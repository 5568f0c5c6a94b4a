import type { Gpu } from "../../engine/gpu.ts";
import { watchWork } from "../../engine/tuning.ts";
import { buildModel, type ModelOptions } from "../build.ts";
import { RunningTotals } from "./running_totals.ts";
import type { TrainingRecipe } from "./recipe.ts";
import { buildObjective, buildOptimiser, trainingStep } from "./trainer.ts";

/** What one training step needs. */
export interface TrainingPlan {
  /** Trained numbers. */
  readonly parameters: number;
  /** Bytes of weights, running statistics, momentum and teacher, which are there all the time. */
  readonly modelBytes: number;
  /** Bytes of activations and gradients when most of them are there. */
  readonly activationBytes: number;
  /** The most bytes the device has to find room for, buffers kept for reuse included. */
  readonly peakBytes: number;
  /** Floating-point operations of all convolutions, forward and backward. */
  readonly flops: number;
}

/**
 * Takes one training step on a device that does nothing (`Gpu.dry`), and counts. It is the same
 * code that trains, so the account is that of a real step, not an estimate.
 */
export function planTraining(
  like: Gpu,
  options: ModelOptions,
  recipe: TrainingRecipe,
): TrainingPlan {
  const gpu = like.dry();
  const model = buildModel(gpu, options, recipe.seed);
  const optimiser = buildOptimiser(model, recipe);
  const objective = buildObjective(model, recipe, () => buildModel(gpu, options, recipe.seed));
  const sums = new RunningTotals(gpu);
  const modelBytes = gpu.memory.live;
  let flops = 0;
  watchWork(gpu, ({ family, problem }) => flops += family.flops(problem));
  const { batchSize, microBatch, lr, transform: { crop } } = recipe;
  trainingStep(model, optimiser, {
    images: new Float32Array(batchSize * crop * crop * 4),
    labels: new Uint32Array(batchSize),
    size: batchSize,
    rate: lr,
    sums,
    microBatch,
    objective,
  });
  const parameters = model.parameters().reduce((sum, { tensor }) => sum + tensor.size, 0);
  return {
    parameters,
    modelBytes,
    activationBytes: gpu.memory.peak - modelBytes,
    peakBytes: gpu.memory.resident,
    flops,
  };
}
