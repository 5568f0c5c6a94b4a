import { Random } from "../../../engine/random.ts";
import { likeliest } from "../../maps/explain.ts";
import type { AttributionKind } from "../../maps/kinds.ts";
import { type Evaluation, type Json, Records, type View } from "../evaluation.ts";
import type { Baseline } from "./baseline.ts";
import { baselinesOf, erase, type Orders, ordersOf, probabilitiesOf } from "./erase.ts";
import { extentOf } from "../../../data/transform.ts";

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
export class RemoveAndClassify implements Evaluation<ErasingScores> {
  #options: ErasingOptions;
  /** By picture: hits by k with the ranked pixels erased, then by k with random ones. */
  #hits = new Records();

  constructor(options: ErasingOptions) {
    this.#options = options;
  }

  async add(view: View): Promise<void> {
    const { k, kind, seed } = this.#options;
    const { batch, once } = view;
    const ranked = await this.#classify(view, await ordersOf(view, kind));
    // Erasing at random is the same for all maps of a model.
    const random = await once(
      `random erasing ${JSON.stringify({ ...this.#options, kind: "" })}`,
      () =>
        this.#classify(
          view,
          Array.from(
            batch.indices,
            (index) => Random.of(seed, 0xe7a5e, index).permutation(extentOf(batch) ** 2),
          ),
        ),
    );
    for (const [n, index] of batch.indices.entries()) {
      this.#hits.add(index, [ranked, random].flatMap((hits) => k.map((_, i) => hits[i][n])));
    }
  }

  tally(): Json {
    return this.#hits.tally();
  }

  merge(tally: Json): void {
    this.#hits.merge(tally);
  }

  result(): ErasingScores {
    const { k, seed } = this.#options;
    const shares = this.#hits.means().map((share) => 100 * share);
    const [accuracy, randomAccuracy] = [shares.slice(0, k.length), shares.slice(k.length)];
    const rows = this.#hits.rows();
    return {
      k,
      accuracy,
      randomAccuracy,
      relativeAccuracy: accuracy.map((value, i) => value / randomAccuracy[i]),
      interval: k.map((_, i) =>
        bootstrap(rows.map((row) => row[i]), rows.map((row) => row[k.length + i]), seed)
      ),
      images: this.#hits.size,
    };
  }

  /** 1 where the true class is still predicted, by k and picture. */
  async #classify(view: View, orders: Orders): Promise<number[][]> {
    const { k, baseline, seed } = this.#options;
    const { model, batch } = view;
    const baselines = baselinesOf(view, baseline, seed);
    const pixels = extentOf(batch) ** 2;
    const hits: number[][] = [];
    for (const percent of k) {
      const end = Math.floor(percent / 100 * pixels);
      const p = await probabilitiesOf(model, erase(batch, orders, { end, baselines }), batch.size);
      hits.push(p.map((own, n) => likeliest(own) === batch.labels[n] ? 1 : 0));
    }
    return hits;
  }
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
