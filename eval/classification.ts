import { UserError } from "../engine/errors.ts";
import { Tensor } from "../engine/tensor.ts";
import type { BatchLoader } from "../data/loader.ts";
import { type Classifier, uploadPictures } from "../model/classifier.ts";
import { Metrics } from "../model/metrics.ts";
import { likeliest } from "./attribution/explain.ts";
import { type Evaluation, type Json, Records, type View } from "./evaluation.ts";

/** Result of classifying a split (paper Table 2). */
export interface ClassificationResult {
  /** Mean of −log p(ŷ|x), whatever loss the model was trained with. */
  readonly loss: number;
  /** Share of correct predictions, 0–1. */
  readonly accuracy: number;
  readonly images: number;
}

/** Batches between two readbacks. */
const READ_EVERY = 8;

/**
 * Classifies every picture of a loader with the running statistics.
 *
 * @param onProgress told how many batches are done
 * @throws {UserError} when a prediction is not a probability, which sound weights never give
 */
export async function classify(
  model: Classifier,
  loader: BatchLoader,
  onProgress?: (batches: number) => void,
): Promise<ClassificationResult> {
  const [{ tensor: { gpu } }] = model.parameters();
  const metrics = new Metrics(gpu);
  const { training } = model;
  model.setTraining(false);
  try {
    for await (const { images, labels, size, number } of loader.batches(0)) {
      gpu.withoutGradients(() =>
        gpu.scope(() => {
          const x = uploadPictures(gpu, { images, size });
          const y = Tensor.from(gpu, labels, [size], "u32");
          const outputs = model.forward(x);
          metrics.add(model.negativeLogLikelihood(outputs, y), model.probabilities(outputs), y);
        })
      );
      gpu.submit();
      if (number % READ_EVERY === READ_EVERY - 1) await metrics.read();
      onProgress?.(number + 1);
    }
    const { loss, correct, images, badPrediction } = await metrics.read();
    if (badPrediction) throw noProbability();
    return { loss: loss / images, accuracy: correct / images, images };
  } finally {
    model.setTraining(training);
    metrics.dispose();
  }
}

function noProbability(): UserError {
  return new UserError(
    "The model's p(y|x) of some picture is NaN or does not add up to 1: its weights are damaged " +
      "or have diverged, and no accuracy can be told",
  );
}

/** Classification as one of several evaluations; `classify` is faster where it is the only one. */
export class Classification implements Evaluation<ClassificationResult> {
  /** By picture: −log p(ŷ|x), and 1 where ŷ is predicted. */
  #scores = new Records();

  async add({ model, batch: { images, labels, indices, size } }: View): Promise<void> {
    const [{ tensor: { gpu } }] = model.parameters();
    const [losses, probabilities] = model.inference(() => {
      const outputs = model.forward(uploadPictures(gpu, { images, size }));
      const y = Tensor.from(gpu, labels, [size], "u32");
      return [model.negativeLogLikelihoods(outputs, y), model.probabilities(outputs)];
    });
    const [loss, p] = await Promise.all([losses.read(), probabilities.read()]);
    const classes = probabilities.channels;
    for (const tensor of [losses, probabilities]) tensor.dispose();
    for (const [n, index] of indices.entries()) {
      const own = p.subarray(n * classes, (n + 1) * classes);
      // NaN included, whose comparisons are all false.
      if (!(Math.abs(own.reduce((a, b) => a + b) - 1) < 0.01)) throw noProbability();
      this.#scores.add(index, [loss[n], likeliest(own) === labels[n] ? 1 : 0]);
    }
  }

  tally(): Json {
    return this.#scores.tally();
  }

  merge(tally: Json): void {
    this.#scores.merge(tally);
  }

  result(): ClassificationResult {
    const [loss = NaN, accuracy = NaN] = this.#scores.means();
    return { loss, accuracy, images: this.#scores.size };
  }
}
