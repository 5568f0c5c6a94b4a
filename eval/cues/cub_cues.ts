import {
  readClassAttributes,
  readKeyPoints,
  readSegmentation,
} from "../../data/cub_annotations.ts";
import type { Dataset, Split } from "../../data/dataset.ts";
import { BatchLoader } from "../../data/loader.ts";
import { UserError } from "../../engine/errors.ts";
import type { Classifier } from "../../model/classifier.ts";
import { classPairs } from "./class_pairs.ts";
import { type CueOptions, type CueScores, localiseCues } from "./localisation.ts";
import { partMap } from "./part_map.ts";

/**
 * Cue localization on the test pictures of a data set with CUB's annotations.
 *
 * @throws {UserError} when annotations are missing, or no two classes differ in few enough parts
 */
export async function localiseCuesOfDataset(
  model: Classifier,
  dataset: Dataset,
  { options, crop, batchSize, onProgress }: {
    readonly options: CueOptions;
    /** Side of the pictures that the model takes. */
    readonly crop: number;
    readonly batchSize: number;
    readonly onProgress?: (share: number) => void;
  },
): Promise<CueScores> {
  const { root } = dataset;
  const attributes = await readClassAttributes(root);
  const points = await readKeyPoints(root);
  const pairs = classPairs(attributes);
  if (pairs.length === 0) {
    throw new UserError(`No two classes of ${root} differ in one to three parts only`);
  }
  const split = picturesOf(dataset.test, new Set(pairs.flatMap(({ classes }) => classes)));
  const loader = BatchLoader.inOrder(split, { crop, batchSize });
  try {
    return await localiseCues(model, loader, {
      pairs,
      options,
      async parts(index) {
        const id = split.ids[index];
        return partMap(points.get(id)!, await readSegmentation(root, id));
      },
      onProgress: (batches) => onProgress?.(batches / loader.batchesPerEpoch),
    });
  } finally {
    loader.close();
  }
}

/** The pictures of some classes. */
function picturesOf(split: Split, classes: ReadonlySet<number>): Split {
  const { source } = split;
  if (source.kind !== "files") throw new Error("Pictures with annotations are files");
  const chosen = split.ids.map((_, i) => i).filter((i) => classes.has(split.labels[i]));
  return {
    name: split.name,
    ids: chosen.map((i) => split.ids[i]),
    labels: split.labels.filter((label) => classes.has(label)),
    source: { kind: "files", paths: chosen.map((i) => source.paths[i]) },
  };
}
