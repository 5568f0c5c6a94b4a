import { Random } from "../../../engine/random.ts";
import { type Classifier, uploadPictures } from "../../../model/classifier.ts";
import type { Batch } from "../../../data/loader.ts";
import { extentOf } from "../../../data/transform.ts";
import { expectDistribution } from "../../maps/distribution.ts";
import type { AttributionMap } from "../../maps/explain.ts";
import type { AttributionKind } from "../../maps/kinds.ts";
import type { View } from "../evaluation.ts";
import { upscale } from "../../maps/upscale.ts";
import { type Baseline, baselineOf } from "./baseline.ts";

/** Pixels of each picture of a batch in the order in which they are erased. */
export type Orders = readonly Uint32Array[];

/** Pixels from the highest score to the lowest; of equal ones the first in reading order. */
export function rank(map: AttributionMap, extent: number): Uint32Array {
  const scores = upscale(map, extent);
  return Uint32Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
}

/** The orders that the maps of some classes give, by default of the true ones. */
export async function ordersOf(
  { batch, maps, once }: View,
  kind: AttributionKind,
  labels: Uint32Array = batch.labels,
): Promise<Orders> {
  return await once(`orders ${kind} ${labels}`, async () => {
    const found = await maps.of(kind, Array.from(labels, (label) => [label]));
    const extent = extentOf(batch);
    return Array.from(labels, (label, n) => rank(found(n, label), extent));
  });
}

/** What each picture's erased pixels become. */
export function baselinesOf(
  { batch, once }: View,
  baseline: Baseline,
  seed: number,
): readonly Float32Array<ArrayBuffer>[] {
  return once(`baseline ${baseline} ${seed}`, () => {
    const { images, size, indices } = batch;
    const stride = images.length / size;
    const extent = extentOf(batch);
    return Array.from(indices, (index, n) => {
      const own = images.subarray(n * stride, (n + 1) * stride);
      return baselineOf(own, extent, baseline, Random.of(seed, 0x401, index));
    });
  });
}

/** The pictures with the pixels from `first` to `end` of the orders erased. */
export function erase(
  { images, size }: Pick<Batch, "images" | "size">,
  orders: Orders,
  { first = 0, end, baselines }: {
    readonly first?: number;
    readonly end: number;
    readonly baselines: readonly Float32Array[];
  },
): Float32Array<ArrayBuffer> {
  const erased = images.slice();
  const stride = images.length / size;
  for (let n = 0; n < size; n++) {
    for (const pixel of orders[n].subarray(first, end)) {
      const at = 4 * pixel;
      erased.set(baselines[n].subarray(at, at + 3), n * stride + at);
    }
  }
  return erased;
}

/**
 * p(y|x) of each picture.
 *
 * @throws {UserError} when what the network gives are no probabilities
 */
export async function probabilitiesOf(
  model: Classifier,
  images: Float32Array<ArrayBuffer>,
  size: number,
): Promise<Float32Array[]> {
  const { gpu } = model;
  const probabilities = model.inference(() =>
    model.probabilities(model.forward(uploadPictures(gpu, { images, size })))
  );
  try {
    const p = await probabilities.read();
    const classes = probabilities.channels;
    return Array.from(
      { length: size },
      (_, n) => expectDistribution(p.subarray(n * classes, (n + 1) * classes)),
    );
  } finally {
    probabilities.dispose();
  }
}
