import { backward } from "../../engine/autograd.ts";
import { UserError } from "../../engine/errors.ts";
import { OutOfMemoryError } from "../../engine/memory.ts";
import type { Span } from "../../engine/profiler.ts";
import { affine } from "../../engine/ops/elementwise.ts";
import { Tensor } from "../../engine/tensor.ts";
import type { Batch, BatchLoader } from "../../data/loader.ts";
import { type Classifier, uploadPictures } from "../classifier.ts";
import type { MixedLabels } from "../../data/cutmix.ts";
import { augment } from "./augment.ts";
import { firstNotFinite } from "./divergence.ts";
import { NOT_BEGUN, type TrainingProgress } from "./progress.ts";
import { learningRate, type TrainingRecipe } from "./recipe.ts";
import { RunningTotals, type Totals } from "./running_totals.ts";
import type { StateEntry, Step } from "../module.ts";
import { type Objective, OWN_LOSS } from "./objective.ts";
import { Sgd } from "./sgd.ts";
import { MovingAverageTeacher } from "./teacher.ts";

/** What the trainer tells while it runs. */
export interface TrainingEvents {
  /** After some of the steps: the epoch (from 1), batches done in it, and its sums so far. */
  onStep?(epoch: number, batches: number, totals: Totals): void;
  /**
   * Asks for a profile of a few steps after the first ones; called once, when it is there. Empty
   * when the run ended before.
   */
  onProfile?(spans: readonly Span[]): Promise<void> | void;
  /** After each epoch; every weight, statistic and momentum is then a finite number. */
  onEpoch?(progress: TrainingProgress): Promise<void> | void;
  /** Every `saveEvery` steps within an epoch, under the same promise. */
  onSave?(progress: TrainingProgress): Promise<void> | void;
}

/** Training left the range of numbers: what it came to must not be kept. */
export class DivergedError extends UserError {}

/** Steps between two readbacks of the loss: each costs about 11 ms. */
const READ_EVERY = 8;

/** Steps before a profile begins, which compile shaders and fill the pools, and steps it covers. */
const PROFILE = { after: 3, steps: 3 };

/** The optimiser with the two groups of parameters of the official code or of the WSOL benchmark. */
export function buildOptimiser(model: Classifier, recipe: TrainingRecipe): Sgd {
  const parameters = model.parameters();
  const { backbone } = model;
  const isFeature = ({ name }: { name: string }) =>
    recipe.groups === "benchmark" ? backbone.isFeatureOfBenchmark(name) : backbone.isFeature(name);
  return new Sgd([
    { parameters: parameters.filter(isFeature), scale: 1 },
    { parameters: parameters.filter((p) => !isFeature(p)), scale: recipe.lrClassifierRatio },
  ], recipe);
}

/** A step where there is but one. */
const ALONE: Step = { seed: 0, epoch: 1, batch: 0, done: 0 };

/**
 * The objective of a recipe: the method's own loss, or with a teacher.
 *
 * @param build builds another model of the same options
 */
export function buildObjective(
  model: Classifier,
  { teacherDecay }: TrainingRecipe,
  build: () => Classifier,
): Objective {
  return teacherDecay === undefined
    ? OWN_LOSS
    : new MovingAverageTeacher(build(), model, teacherDecay);
}

/**
 * One training step: forward, loss, backward, update. Only records GPU commands; nothing is read
 * back. Every tensor it makes is gone when it returns.
 *
 * @param options `microBatch`: pictures that go through the network at once; `objective`: default
 * the method's own loss; `step`: which one of the run it is
 */
export function trainingStep(
  model: Classifier,
  optimiser: Sgd,
  {
    images,
    labels,
    size,
    mixed,
    rate,
    sums,
    microBatch = size,
    objective = OWN_LOSS,
    step = ALONE,
  }:
    & Pick<Batch, "images" | "labels" | "size">
    & {
      readonly mixed?: MixedLabels;
      readonly rate: number;
      readonly sums: RunningTotals;
      readonly microBatch?: number;
      readonly objective?: Objective;
      readonly step?: Step;
    },
): void {
  const { gpu } = model;
  model.beginStep(step);
  const stride = images.length / size;
  for (let from = 0; from < size; from += microBatch) {
    const to = Math.min(from + microBatch, size);
    gpu.scope(() => {
      const part = { images: images.subarray(from * stride, to * stride), size: to - from };
      const x = uploadPictures(gpu, part);
      const upload = (labels: Uint32Array) =>
        Tensor.from(gpu, labels.slice(from, to), [part.size], "u32");
      const y = upload(labels);
      const { loss, outputs } = objective.of(model, {
        x,
        labels: y,
        ...(mixed && { mixed: { labels: upload(mixed.labels), share: mixed.share } }),
      }, step);
      const probabilities = model.probabilities(outputs);
      sums.add(loss, probabilities, y);
      // The loss of the batch is the mean over its pictures, not over its parts.
      backward(part.size === size ? loss : affine(loss, { scale: part.size / size }));
      if (to < size) return;
      optimiser.step(rate);
      objective.updated?.(model, step);
    });
    gpu.submit();
  }
}

/**
 * Trains until the recipe's last epoch, or until `signal` is aborted.
 *
 * @param progress where to start: `NOT_BEGUN`, or a checkpoint's
 * @param saveEvery steps of an epoch between two calls of `onSave`; default: none
 * @returns where it stopped; training on from there gives bit for bit the run that was not stopped
 * @throws {DivergedError} when the loss, a prediction or a tensor is no longer a number, naming it
 * @throws {UserError} when memory runs out, naming a batch size to try
 */
export async function train(
  model: Classifier,
  optimiser: Sgd,
  loader: BatchLoader,
  { recipe, objective = OWN_LOSS, progress, events = {}, saveEvery = Infinity, signal }: {
    readonly recipe: TrainingRecipe;
    /** Of `buildObjective`; default the method's own loss. */
    readonly objective?: Objective;
    readonly progress: TrainingProgress;
    readonly events?: TrainingEvents;
    readonly saveEvery?: number;
    readonly signal?: AbortSignal;
  },
): Promise<TrainingProgress> {
  const { gpu } = model;
  const sums = new RunningTotals(gpu);
  const { batchSize, microBatch, seed } = recipe;
  const state = [...model.state(), ...optimiser.state(), ...objective.state?.() ?? []];
  model.setTraining(true);
  let steps = 0;
  let profiling = false;
  const endProfile = async () => {
    if (profiling) await events.onProfile?.(await gpu.endProfile());
    else if (steps <= PROFILE.after) await events.onProfile?.([]);
    profiling = false;
  };
  try {
    while (progress.epoch < recipe.epochs && !signal?.aborted) {
      const epoch = progress.epoch + 1;
      const rate = learningRate(recipe, epoch);
      let { batch } = progress;
      let totals = progress.totals;
      sums.reset(totals);
      let inFlight = Promise.resolve<unknown>(undefined);
      const first = batch;
      const left = loader.batches(epoch, (number) => number >= first);
      for await (const { number, ...examples } of left) {
        if (events.onProfile && steps++ === PROFILE.after) {
          gpu.beginProfile();
          profiling = true;
        }
        const done = progress.epoch * loader.batchesPerEpoch + number;
        const step = { seed, epoch, batch: number, done };
        const fed = { ...examples, ...augment(examples, recipe, step) };
        trainingStep(model, optimiser, { ...fed, rate, sums, microBatch, objective, step });
        if (profiling && steps === PROFILE.after + PROFILE.steps) await endProfile();
        batch = number + 1;
        const last = batch === loader.batchesPerEpoch;
        const saving = !last && batch % saveEvery === 0;
        if (batch % READ_EVERY === 0 || last || saving || signal?.aborted) {
          totals = await sums.read();
          refuseBadStep(totals, epoch, recipe);
          events.onStep?.(epoch, batch, totals);
        } else {
          // At most two steps wait on the GPU, so that their pictures do not pile up.
          await inFlight;
          inFlight = gpu.device.queue.onSubmittedWorkDone();
        }
        if (signal?.aborted && !last) {
          await endProfile();
          await refuseBadState(state, epoch, recipe);
          return { ...progress, batch, totals };
        }
        if (saving) {
          await refuseBadState(state, epoch, recipe);
          await events.onSave?.({ ...progress, batch, totals });
        }
      }
      totals = await sums.read();
      refuseBadStep(totals, epoch, recipe);
      await refuseBadState(state, epoch, recipe);
      progress = {
        ...NOT_BEGUN,
        epoch,
        trainLoss: [...progress.trainLoss, totals.loss / totals.images],
        trainAccuracy: [...progress.trainAccuracy, totals.correct / totals.images],
        trainNegativeLogLikelihood: progress.trainNegativeLogLikelihood &&
          [...progress.trainNegativeLogLikelihood, totals.negativeLogLikelihood! / totals.images],
      };
      await events.onEpoch?.(progress);
    }
    await endProfile();
    return progress;
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error;
    const atOnce = microBatch ?? batchSize;
    throw new UserError(
      atOnce > 1
        ? `${error.message}; try batches of ${Math.ceil(atOnce / 2)} pictures instead of ` +
          `${batchSize}, or parts of ${Math.ceil(atOnce / 2)} at once`
        : error.message,
      { cause: error, settings: atOnce > 1 ? ["batch-size", "micro-batch"] : [] },
    );
  } finally {
    sums.dispose();
  }
}

/** Losses may stay finite when weights do not: a clamp hides it, or the next step would show it. */
async function refuseBadState(
  state: readonly StateEntry[],
  epoch: number,
  { lr }: TrainingRecipe,
): Promise<void> {
  const name = await firstNotFinite(state);
  if (name === null) return;
  throw new DivergedError(
    `${name} became NaN or infinite in epoch ${epoch}: try a smaller learning rate than ${lr}`,
    { settings: ["lr"] },
  );
}

function refuseBadStep(
  { badStep, badPrediction = 0 }: Totals,
  epoch: number,
  { batchSize, microBatch = batchSize, lr }: TrainingRecipe,
): void {
  const partsOfStep = Math.ceil(batchSize / microBatch);
  const refuse = (what: string, part: number) => {
    if (part === 0) return;
    throw new DivergedError(
      `${what} at step ${Math.ceil(part / partsOfStep)} of epoch ${epoch}: try a smaller ` +
        `learning rate than ${lr}`,
      { settings: ["lr"] },
    );
  };
  refuse("The loss became NaN or infinite", badStep);
  refuse("A prediction p(y|x) became NaN or another number than a probability", badPrediction);
}
