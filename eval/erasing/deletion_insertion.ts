import type { AttributionKind } from "../attribution/kinds.ts";
import { type Evaluation, type Json, Records, type View } from "../evaluation.ts";
import type { Baseline } from "./baseline.ts";
import { baselinesOf, erase, extentOf, ordersOf, probabilitiesOf } from "./erase.ts";

/** How pictures are taken apart and put together. */
export interface DeletionOptions {
  readonly kind: AttributionKind;
  readonly baseline: Baseline;
  /** Equal parts that the pixels go in. */
  readonly steps: number;
  /** Of noise. */
  readonly seed: number;
}

/** Areas under the curves of p(ŷ|x), 0–1, means over the pictures. */
export interface DeletionScores {
  /** Pixels erased from the highest to the lowest: lower is better. */
  readonly deletion: number;
  /** Pixels put back from the highest to the lowest: higher is better. */
  readonly insertion: number;
  readonly images: number;
}

/**
 * Deletion and insertion (Petsiuk et al., 2018): the probability of the true class while the pixels
 * are erased, or put back into the erased picture, in the order of its map; the area under the curve
 * over the share of pixels, by trapezoids.
 */
export class DeletionInsertion implements Evaluation<DeletionScores> {
  #options: DeletionOptions;
  #areas = new Records();

  constructor(options: DeletionOptions) {
    this.#options = options;
  }

  async add(view: View): Promise<void> {
    const { kind, baseline, steps, seed } = this.#options;
    const { model, batch, once } = view;
    const { indices, labels, size } = batch;
    const orders = await ordersOf(view, kind);
    const baselines = baselinesOf(view, baseline, seed);
    const pixels = extentOf(batch) ** 2;
    const probability = async (first: number, end: number) => {
      const images = erase(batch, orders, { first, end, baselines });
      return (await probabilitiesOf(model, images, size)).map((p, n) => p[labels[n]]);
    };
    // Nothing erased, everything erased: the same in every order.
    const whole = await once("probability of the whole", () => probability(0, 0));
    const nothing = await once(
      `probability of ${baseline} ${seed}`,
      () => probability(0, pixels),
    );
    const [deletion, insertion] = [[whole], [nothing]];
    for (let step = 1; step < steps; step++) {
      const cut = Math.floor(step / steps * pixels);
      deletion.push(await probability(0, cut));
      insertion.push(await probability(cut, pixels));
    }
    deletion.push(nothing);
    insertion.push(whole);
    for (const [n, index] of indices.entries()) {
      const area = (curve: number[][]) => trapezoids(curve.map((p) => p[n]));
      this.#areas.add(index, [area(deletion), area(insertion)]);
    }
  }

  tally(): Json {
    return this.#areas.tally();
  }

  merge(tally: Json): void {
    this.#areas.merge(tally);
  }

  result(): DeletionScores {
    const [deletion = NaN, insertion = NaN] = this.#areas.means();
    return { deletion, insertion, images: this.#areas.size };
  }
}

/** The area under values at equal distances over [0, 1]. */
export function trapezoids(values: readonly number[]): number {
  const ends = (values[0] + values.at(-1)!) / 2;
  return (ends + values.slice(1, -1).reduce((a, b) => a + b, 0)) / (values.length - 1);
}
