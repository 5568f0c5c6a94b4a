import type { BatchLoader } from "../../data/loader.ts";
import { Random } from "../../engine/random.ts";
import { type Classifier, uploadPictures } from "../../model/classifier.ts";
import { attribute, type AttributionKind } from "../attribution/attribute.ts";
import { upscale } from "../upscale.ts";
import { type Baseline, baselineOf } from "./baseline.ts";

/** How pixels are ranked and erased. */
export interface ErasingOptions {
  /** Whose order pixels are erased in. */
  readonly kind: AttributionKind;
  readonly baseline: Baseline;
  /** Shares of the pixels to erase, in percent. */
  readonly k: readonly number[];
  /** Of random erasing and noise. */
  readonly seed: number;
}

/** Figure 5's curves. All accuracies in percent, by k. */
export interface ErasingScores {
  readonly k: readonly number[];
  /** Accuracy with the k % most important pixels erased. */
  readonly accuracy: readonly number[];
  /** Accuracy with k % of the pixels erased at random. */
  readonly randomAccuracy: readonly number[];
  /** R_k = accuracy / random accuracy (paper §5.3). Lower is better. */
  readonly relativeAccuracy: readonly number[];
  /** 95 % of the R_k of pictures drawn anew, with replacement. */
  readonly interval: readonly (readonly [low: number, high: number])[];
  readonly images: number;
}

/** Draws of the pictures for the intervals. */
const BOOTSTRAP = 1000;

/**
 * Remove-and-classify (paper §5.3, Figure 5): the pixels that the map of the **true** class ranks
 * highest are erased, and the picture is classified again. `floor(k · pixels)` are erased, as many as
 * at random; of equal values the first in reading order goes first.
 */
export async function removeAndClassify(
  model: Classifier,
  loader: BatchLoader,
  options: ErasingOptions,
  onProgress?: (batches: number) => void,
): Promise<ErasingScores> {
  const { kind, k, baseline, seed } = options;
  const hits = k.map(() => ({ ranked: [] as number[], random: [] as number[] }));
  for await (const batch of loader.batches(0)) {
    const { images, labels, indices, size } = batch;
    const stride = images.length / size;
    const extent = Math.sqrt(stride / 4);
    const pixels = extent * extent;
    const maps = await attribute(model, batch, kind, Array.from(labels, (label) => [label]));
    const orders = Array.from(labels, (label, n) => {
      const scores = upscale(maps(n, label), extent);
      return Uint32Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
    });
    const shuffled = Array.from(
      indices,
      (index) => Random.of(seed, 0xe7a5e, index).permutation(pixels),
    );
    const baselines = Array.from(indices, (index, n) =>
      baselineOf(
        images.subarray(n * stride, (n + 1) * stride),
        extent,
        baseline,
        Random.of(seed, 0x401, index),
      ));
    for (const [i, percent] of k.entries()) {
      const count = Math.floor(percent / 100 * pixels);
      for (const [key, order] of [["ranked", orders], ["random", shuffled]] as const) {
        const erased = images.slice();
        for (let n = 0; n < size; n++) {
          for (const pixel of order[n].subarray(0, count)) {
            const at = 4 * pixel;
            erased.set(baselines[n].subarray(at, at + 3), n * stride + at);
          }
        }
        const predicted = await predict(model, erased, size);
        predicted.forEach((label, n) => hits[i][key].push(label === labels[n] ? 1 : 0));
      }
    }
    onProgress?.(batch.number + 1);
  }
  const share = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
  const accuracy = hits.map(({ ranked }) => 100 * share(ranked));
  const randomAccuracy = hits.map(({ random }) => 100 * share(random));
  return {
    k,
    accuracy,
    randomAccuracy,
    relativeAccuracy: accuracy.map((value, i) => value / randomAccuracy[i]),
    interval: hits.map(({ ranked, random }) => bootstrap(ranked, random, seed)),
    images: hits[0]?.ranked.length ?? 0,
  };
}

async function predict(
  model: Classifier,
  images: Float32Array<ArrayBuffer>,
  size: number,
): Promise<number[]> {
  const [{ tensor: { gpu } }] = model.parameters();
  const probabilities = model.inference(() =>
    model.probabilities(model.forward(uploadPictures(gpu, { images, size })))
  );
  const p = await probabilities.read();
  const classes = probabilities.channels;
  probabilities.dispose();
  return Array.from({ length: size }, (_, n) => {
    const own = p.subarray(n * classes, (n + 1) * classes);
    return own.indexOf(Math.max(...own));
  });
}

/** The middle 95 % of the ratio over pictures drawn with replacement. */
function bootstrap(
  ranked: readonly number[],
  random: readonly number[],
  seed: number,
): [number, number] {
  const draws = Random.of(seed, 0xb007);
  const ratios: number[] = [];
  for (let round = 0; round < BOOTSTRAP; round++) {
    let [a, b] = [0, 0];
    for (let i = 0; i < ranked.length; i++) {
      const n = draws.int(ranked.length);
      a += ranked[n];
      b += random[n];
    }
    if (b > 0) ratios.push(a / b);
  }
  ratios.sort((x, y) => x - y);
  const at = (share: number) => ratios[Math.round(share * (ratios.length - 1))] ?? NaN;
  return [at(0.025), at(0.975)];
}
