import { selectLabel } from "../../engine/ops/cross_entropy.ts";
import { Tensor } from "../../engine/tensor.ts";
import type { Batch } from "../../data/loader.ts";
import { type Classifier, uploadPictures } from "../../model/classifier.ts";
import { type AttributionMap, scaleCam } from "./explain.ts";

/**
 * ACoL's maps of a batch (Zhang et al., 2018): at each location the larger of both classifiers' class
 * logits, each brought to [0, 1] by its minimum and maximum. What the second one sees depends on the
 * class, so that every class takes a pass through it.
 *
 * @param rounds classes y of the pictures; every round has one for each
 * @returns maps by round and picture
 */
export async function acolMaps(
  model: Classifier,
  { images, size }: Pick<Batch, "images" | "size">,
  rounds: readonly Uint32Array<ArrayBuffer>[],
): Promise<{ readonly acol: AttributionMap }[][]> {
  const { gpu } = model;
  const { u, f } = model.inference(() => {
    const u = model.features(uploadPictures(gpu, { images, size }));
    return { u, f: model.head(u).f };
  });
  try {
    const [, height, width] = f.shape;
    const cells = height * width;
    const maps = [];
    for (const labels of rounds) {
      const both = model.inference(() => {
        const y = Tensor.from(gpu, labels, [size], "u32");
        return [f, model.afterErasing(u, f, y)].map((logits) => selectLabel(logits, y));
      });
      const [a, b] = await Promise.all(both.map((tensor) => tensor.read()));
      for (const tensor of both) tensor.dispose();
      maps.push(Array.from({ length: size }, (_, n) => {
        const [ofA, ofB] = [a, b].map((all) =>
          scaleCam("cam-minmax", all.slice(n * cells, (n + 1) * cells))
        );
        const values = ofA.map((value, z) => Math.max(value, ofB[z]));
        return { acol: { width, height, values } };
      }));
    }
    return maps;
  } finally {
    u.dispose();
    f.dispose();
  }
}
