import { Tensor } from "../engine/tensor.ts";
import type { BatchLoader } from "../data/loader.ts";
import { type Classifier, uploadPictures } from "../model/classifier.ts";
import { Metrics } from "../model/metrics.ts";

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
    const { loss, correct, images } = await metrics.read();
    return { loss: loss / images, accuracy: correct / images, images };
  } finally {
    model.setTraining(training);
    metrics.dispose();
  }
}
