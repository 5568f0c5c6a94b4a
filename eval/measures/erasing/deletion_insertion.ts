import type { AttributionKind } from "../../maps/kinds.ts";
import { type Evaluation, type Json, Records, type View } from "../evaluation.ts";
import type { Baseline } from "./baseline.ts";
import { baselinesOf, erase, ordersOf, probabilitiesOf } from "./erase.ts";
import { extentOf } from "../../../data/transform.ts";

/** How pictures are taken apart and put together. */
export interface DeletionOptions {
  readonly kind: AttributionKind;
  /** What erased pixels become. */
  readonly baseline: Baseline;
  /** What the picture begins as that pixels are put back into. */
  readonly insertionBaseline: Baseline;
  /** Equal parts that the pixels go in. */
  readonly steps: number;
  /** Whose map and probability: the true class, or the one that is predicted. */
  readonly of: "true class" | "predicted class";
  /** Of noise. */
  readonly seed: number;
}

/**
 * The definition of Petsiuk et al. (2018, RISE) and their code: deletion to zero (in normalised space),
 * insertion into the picture blurred by an 11 × 11 Gaussian, a row's worth of pixels at a time, of the
 * predicted class.
 *
 * @param side of the pictures in pixels
 */
export function riseOptions(
  side: number,
): Pick<DeletionOptions, "baseline" | "insertionBaseline" | "steps" | "of"> {
  return { baseline: "zero", insertionBaseline: "rise-blur", steps: side, of: "predicted class" };
}

/** The definition in words, to stand beside the numbers. */
export function describeDeletion(
  { baseline, insertionBaseline, steps, of }: DeletionOptions,
): string {
  const baselines = baseline === insertionBaseline
    ? `${baseline} baseline`
    : `deletion to ${baseline}, insertion from ${insertionBaseline}`;
  return `${baselines}, ${steps} steps, p of the ${of}`;
}

/** Areas under the curves of p(y|x), 0–1, means over the pictures. */
export interface DeletionScores {
  /** Pixels erased from the highest to the lowest: lower is better. */
  readonly deletion: number;
  /** Pixels put back from the highest to the lowest: higher is better. */
  readonly insertion: number;
  readonly images: number;
}

/**
 * Deletion and insertion (Petsiuk et al., 2018): the probability of a class while the pixels are
 * erased, or put back into the erased picture, in the order of its map; the area under the curve over
 * the share of pixels, by trapezoids.
 */
export class DeletionInsertion implements Evaluation<DeletionScores> {
  #options: DeletionOptions;
  #areas = new Records();

  constructor(options: DeletionOptions) {
    this.#options = options;
  }

  async add(view: View): Promise<void> {
    const { kind, baseline, insertionBaseline, steps, seed, of } = this.#options;
    const { model, batch, maps, once } = view;
    const { indices, size } = batch;
    const labels = of === "true class"
      ? batch.labels
      : Uint32Array.from(await maps.explanations(), ({ predicted }) => predicted);
    const orders = await ordersOf(view, kind, labels);
    const pixels = extentOf(batch) ** 2;
    const probability = async (erasing: Baseline, first: number, end: number) => {
      const baselines = baselinesOf(view, erasing, seed);
      const images = erase(batch, orders, { first, end, baselines });
      return (await probabilitiesOf(model, images, size)).map((p, n) => p[labels[n]]);
    };
    // Nothing erased, everything erased: the same in every order.
    const whole = await once(`${of} of the whole`, () => probability(baseline, 0, 0));
    const nothing = (erasing: Baseline) =>
      once(`${of} of ${erasing} ${seed}`, () => probability(erasing, 0, pixels));
    const [deletion, insertion] = [[whole], [await nothing(insertionBaseline)]];
    for (let step = 1; step < steps; step++) {
      const cut = Math.floor(step / steps * pixels);
      deletion.push(await probability(baseline, 0, cut));
      insertion.push(await probability(insertionBaseline, cut, pixels));
    }
    deletion.push(await nothing(baseline));
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
