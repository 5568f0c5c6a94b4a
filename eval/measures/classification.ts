import { Tensor } from "../../engine/tensor.ts";
import type { BatchLoader } from "../../data/loader.ts";
import { type Classifier, uploadPictures } from "../../model/classifier.ts";
import { RunningTotals } from "../../model/training/running_totals.ts";
import { likeliest } from "../maps/explain.ts";
import { expectDistribution, noDistribution } from "../maps/distribution.ts";
import { type Evaluation, type Json, Records, type View } from "./evaluation.ts";

/** Result of classifying a split (paper Table 2). */
export interface ClassificationResult {
  /** Mean of −log p(ŷ|x), whatever loss the model was trained with. */
  readonly loss: number;
  /** Share of correct predictions, 0–1. */
  readonly accuracy: number;
  readonly images: number;
  /**
   * Pictures whose ReLU prior is zero in all places, where p(z|x) is taken to be uniform (the
   * official code has NaN there). 0 for CAM and the softplus prior.
   */
  readonly deadPriors: number;
}

/** Batches between two readbacks. */
const READ_EVERY = 8;

/** Pictures whose log p(z|x), `[n, h, w, 1]`, is the same everywhere, as only a dead prior's is. */
async function deadIn(logH: Tensor | null): Promise<boolean[]> {
  if (!logH) return [];
  const [size] = logH.shape;
  const values = await logH.read();
  const cells = values.length / size;
  return Array.from({ length: size }, (_, n) => {
    const own = values.subarray(n * cells, (n + 1) * cells);
    return cells > 1 && own.every((value) => value === own[0]);
  });
}

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
  const { gpu } = model;
  const sums = new RunningTotals(gpu);
  let deadPriors = 0;
  try {
    for await (const { images, labels, size, number } of loader.batches(0)) {
      const logH = model.inference(() => {
        const x = uploadPictures(gpu, { images, size });
        const y = Tensor.from(gpu, labels, [size], "u32");
        const outputs = model.forward(x);
        sums.add(model.negativeLogLikelihood(outputs, y), model.probabilities(outputs), y);
        return outputs.logH;
      });
      gpu.submit();
      deadPriors += (await deadIn(logH)).filter(Boolean).length;
      logH?.dispose();
      if (number % READ_EVERY === READ_EVERY - 1) await sums.read();
      onProgress?.(number + 1);
    }
    const { loss, correct, images, badPrediction } = await sums.read();
    if (badPrediction) throw noDistribution();
    return { loss: loss / images, accuracy: correct / images, images, deadPriors };
  } finally {
    sums.dispose();
  }
}

/** Classification as one of several evaluations; `classify` is faster where it is the only one. */
export class Classification implements Evaluation<ClassificationResult> {
  /** By picture: −log p(ŷ|x), 1 where ŷ is predicted, and 1 where the prior is dead. */
  #scores = new Records();

  async add({ model, batch: { images, labels, indices, size } }: View): Promise<void> {
    const { gpu } = model;
    const [losses, probabilities, logH] = model.inference(() => {
      const outputs = model.forward(uploadPictures(gpu, { images, size }));
      const y = Tensor.from(gpu, labels, [size], "u32");
      return [
        model.negativeLogLikelihoods(outputs, y),
        model.probabilities(outputs),
        outputs.logH,
      ] as const;
    });
    const [loss, p, dead] = await Promise.all([losses.read(), probabilities.read(), deadIn(logH)]);
    const classes = probabilities.channels;
    for (const tensor of [losses, probabilities, logH]) tensor?.dispose();
    for (const [n, index] of indices.entries()) {
      const own = expectDistribution(p.subarray(n * classes, (n + 1) * classes));
      const hit = likeliest(own) === labels[n];
      this.#scores.add(index, [loss[n], hit ? 1 : 0, dead[n] ? 1 : 0]);
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
    const deadPriors = this.#scores.rows().reduce((sum, [, , dead]) => sum + dead, 0);
    return { loss, accuracy, images: this.#scores.size, deadPriors };
  }
}
