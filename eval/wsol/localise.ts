import { readBoxes } from "../../data/cub_annotations.ts";
import { decodePicture } from "../../data/codecs.ts";
import type { Dataset } from "../../data/dataset.ts";
import { readFile } from "../../data/files.ts";
import { BatchLoader } from "../../data/loader.ts";
import type { Classifier } from "../../model/classifier.ts";
import { attribute, type AttributionKind } from "../attribution/attribute.ts";
import { minMax } from "../min_max.ts";
import { upscale } from "../upscale.ts";
import { type BoxAccuracy, BoxEvaluator } from "./box_accuracy.ts";
import { scaledBoxes, SIDE } from "./score_maps.ts";

/**
 * Weakly-supervised localization (paper §5.4, Table 3) on the test pictures of a data set with CUB's
 * boxes: the map of the true class, scaled up and then to [0, 1] by minimum and maximum, gives boxes.
 * The threshold is the best on these pictures, as in the benchmark.
 *
 * @throws {UserError} when there are no boxes
 */
export async function localiseObjects(
  model: Classifier,
  dataset: Dataset,
  { kind, crop, batchSize, step, onProgress }: {
    readonly kind: AttributionKind;
    readonly crop: number;
    readonly batchSize: number;
    readonly step: number;
    readonly onProgress?: (share: number) => void;
  },
): Promise<{ readonly accuracy: BoxAccuracy; readonly images: number }> {
  const { ids, source } = dataset.test;
  const boxes = await readBoxes(dataset.root);
  const evaluator = new BoxEvaluator({ step });
  const loader = BatchLoader.inOrder(dataset.test, { crop, batchSize });
  try {
    for await (const batch of loader.batches(0)) {
      const maps = await attribute(
        model,
        batch,
        kind,
        Array.from(batch.labels, (label) => [label]),
      );
      for (let n = 0; n < batch.size; n++) {
        const index = batch.indices[n];
        if (source.kind !== "files") throw new Error("Pictures with boxes are files");
        const path = source.paths[index];
        const { width, height } = await decodePicture(await readFile(path), path);
        const truth = scaledBoxes({ boxes: [boxes.get(ids[index])!], size: [width, height] });
        evaluator.add(minMax(upscale(maps(n, batch.labels[n]), SIDE)), SIDE, truth);
      }
      onProgress?.((batch.number + 1) / loader.batchesPerEpoch);
    }
  } finally {
    loader.close();
  }
  return { accuracy: evaluator.compute(), images: evaluator.images };
}
