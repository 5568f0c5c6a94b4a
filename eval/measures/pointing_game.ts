import type { AttributionKind } from "../maps/kinds.ts";
import { type Evaluation, type Json, namedCounts, Records, type View } from "./evaluation.ts";
import { upscale } from "../maps/upscale.ts";
import { type ObjectMask, SIDE } from "./wsol/object_mask.ts";

/** How much of a map lies on the object. All 0–100. */
export interface PointingScores {
  /** Pointing game (Zhang et al., 2018): pictures whose highest pixel is on the object. */
  readonly pointing: number;
  /** Energy (Wang et al., 2020): share of the map's positive values on the object, mean. */
  readonly energy: number;
  /** Share of the pixels that are the object's: what a map without any idea scores. */
  readonly chance: number;
  readonly images: number;
  /** Pictures that a mean leaves out, by its name, where there are any: no value is positive. */
  readonly undefinedIn: Readonly<Record<string, number>>;
}

/**
 * The pointing game and the energy of the map of the true class against the object's mask. Where a
 * picture has boxes only, they are the mask; pixels to be ignored count neither way.
 */
export class PointingGame implements Evaluation<PointingScores> {
  #kind: AttributionKind;
  #scores = new Records();

  constructor({ kind }: { readonly kind: AttributionKind }) {
    this.#kind = kind;
  }

  async add({ batch: { labels, indices }, ids, maps, annotations, once }: View): Promise<void> {
    const found = await maps.of(this.#kind, Array.from(labels, (label) => [label]));
    for (const [n, id] of ids.entries()) {
      const mask = await once(`mask ${id}`, () => annotations.mask(id));
      this.#scores.add(indices[n], scoreMask(upscale(found(n, labels[n]), SIDE), mask));
    }
  }

  tally(): Json {
    return this.#scores.tally();
  }

  merge(tally: Json): void {
    this.#scores.merge(tally);
  }

  result(): PointingScores {
    const [pointing = NaN, energy = NaN, chance = NaN] = this.#scores.means()
      .map((share) => 100 * share);
    const undefinedIn = namedCounts(["pointing", "energy"], this.#scores.undefinedRows());
    return { pointing, energy, chance, images: this.#scores.size, undefinedIn };
  }
}

/**
 * Of several highest pixels the share on the object counts: what a fair draw among them scores.
 *
 * @returns pointing, energy (NaN of a map without positive values) and the object's share, 0–1
 */
export function scoreMask(
  scores: ArrayLike<number>,
  { inside, ignored }: ObjectMask,
): [pointing: number, energy: number, chance: number] {
  let [top, tops, topsInside] = [-Infinity, 0, 0];
  let [energy, energyInside, area, counted] = [0, 0, 0, 0];
  for (let i = 0; i < scores.length; i++) {
    if (ignored?.[i] && !inside[i]) continue;
    const score = scores[i];
    if (score > top) [top, tops, topsInside] = [score, 0, 0];
    if (score === top) {
      tops++;
      topsInside += inside[i];
    }
    const positive = Math.max(0, score);
    energy += positive;
    energyInside += positive * inside[i];
    area += inside[i];
    counted++;
  }
  return [topsInside / tops, energyInside / energy, area / counted];
}
