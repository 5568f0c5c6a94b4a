import type { MapsOfBatch } from "../../maps/batch_maps.ts";
import type { AttributionMap } from "../../maps/explain.ts";
import { type AttributionKind, isProbability, ownKind } from "../../maps/kinds.ts";
import type { Method } from "../../../model/methods.ts";
import type { Evaluation, Json, View } from "../evaluation.ts";
import { PixelAp, type PixelApOptions } from "../pixel_ap.ts";
import { minMax } from "../min_max.ts";
import { upscale } from "../../maps/upscale.ts";
import type { ClassPair } from "./class_pairs.ts";
import { SIDE } from "./part_map.ts";

/** How attributions are turned into scores and compared with the masks. */
export interface CueOptions extends PixelApOptions {
  /** Which maps are subtracted: `joint` for CALM, `cam` (unscaled logits) for CAM. */
  readonly kind: AttributionKind;
  /**
   * Stretch |s^A − s^B| of each picture to [0, 1], as the official code does where a map is no
   * probability; else it is cut off at 1 and taken as it is, the paper's definition.
   */
  readonly minMax: boolean;
  /**
   * Never start over between pairs, as the official evaluator does not by a slip: the AP "of a
   * pair" is then that of all pairs so far.
   */
  readonly cumulative?: boolean;
}

/** What is found for one pair of classes. */
export interface PairScore extends ClassPair {
  /** Pictures that showed one of the parts. */
  readonly pictures: number;
  /** Pixel-wise average precision, 0–100; NaN without such pictures. */
  readonly pxap: number;
}

/** Table 1's numbers. */
export interface CueScores {
  readonly pairs: readonly PairScore[];
  /** Mean over the pairs that differ in 1, 2, 3 parts, and over all of them. */
  readonly mpxap: Readonly<Record<"1" | "2" | "3" | "mean", number>>;
  /** Pairs of which no picture shows a differing part: they are in no mean. */
  readonly pairsWithoutPictures: number;
  /** Pictures of the classes of the pairs; maps of the last layers take one forward pass for each. */
  readonly images: number;
}

/**
 * The official settings: CALM's maps are probabilities and are compared as they are, all others are
 * scaled. Without a kind, the method's own: `joint` for CALM, `cam` for CAM.
 *
 * @param compatible also drop the lowest scores and never start over, as the official evaluator does
 */
export function officialCueOptions(
  method: Method,
  kind = ownKind(method),
  compatible = false,
): CueOptions {
  const asIs = isProbability(method, kind);
  const slips = compatible ? { dropLowest: true, cumulative: true } : {};
  return { kind, minMax: !asIs, thresholds: asIs ? "log" : "even", ...slips };
}

/** What becomes of scores before they are counted, for tables: `stretched, even bins`. */
export function describeCueRule({ minMax, thresholds, cumulative }: CueOptions): string {
  const scores = minMax ? "stretched" : "as they are";
  return `${scores}, ${thresholds} bins${cumulative ? ", official count" : ""}`;
}

/**
 * Cue localization (paper §5.2, Table 1): for pictures of two classes A and B the absolute
 * difference of the classes' attribution maps should retrieve the pixels of the parts in which the
 * classes differ. Every picture goes through the network once, however many pairs it serves.
 */
export class CueLocalization implements Evaluation<CueScores> {
  #options: CueOptions;
  #runs: { readonly pair: ClassPair; readonly ap: PixelAp; pictures: number }[];
  /** The pairs of which a class is one. */
  #byClass: ReadonlyMap<number, number[]>;
  #images = 0;

  constructor({ pairs, options }: {
    readonly pairs: readonly ClassPair[];
    readonly options: CueOptions;
  }) {
    this.#options = options;
    this.#runs = pairs.map((pair) => ({ pair, ap: new PixelAp(options), pictures: 0 }));
    const byClass = new Map<number, number[]>();
    for (const [i, { classes }] of pairs.entries()) {
      for (const label of classes) byClass.set(label, [...byClass.get(label) ?? [], i]);
    }
    this.#byClass = byClass;
  }

  async add({ batch: { labels }, ids, maps, annotations, once }: View): Promise<void> {
    const runsOf = (label: number) => (this.#byClass.get(label) ?? []).map((i) => this.#runs[i]);
    const wanted = Array.from(
      labels,
      (label) => [...new Set(runsOf(label).flatMap(({ pair }) => pair.classes))],
    );
    const found = await maps.of(this.#options.kind, wanted);
    for (const [n, id] of ids.entries()) {
      if (wanted[n].length === 0) continue;
      this.#images++;
      const map = await once(`parts ${id}`, () => annotations.parts(id));
      if (!map) continue;
      for (const run of runsOf(labels[n])) {
        if (!run.pair.parts.some((part) => map.visible.has(part))) continue;
        const parts = new Set(run.pair.parts);
        const scores = counterfactual(found, n, run.pair, this.#options);
        run.ap.add(scores, (i) => parts.has(map.parts[i]));
        run.pictures++;
      }
    }
  }

  tally(): Json {
    const pairs = this.#runs.map(({ ap: { hits, misses }, pictures }) => ({
      pictures,
      hits: [...hits],
      misses: [...misses],
    }));
    return { images: this.#images, pairs };
  }

  merge(tally: Json): void {
    const { images, pairs } = tally as unknown as {
      images: number;
      pairs: { pictures: number; hits: number[]; misses: number[] }[];
    };
    this.#images += images;
    for (const [i, { pictures, hits, misses }] of pairs.entries()) {
      this.#runs[i].pictures += pictures;
      this.#runs[i].ap.merge({ hits, misses });
    }
  }

  result(): CueScores {
    const pairs = this.#scores();
    const meanOf = (group: readonly PairScore[]) => {
      const sound = group.filter(({ pxap }) => !Number.isNaN(pxap));
      return sound.reduce((sum, { pxap }) => sum + pxap, 0) / sound.length;
    };
    const differing = (count: number) =>
      meanOf(pairs.filter(({ parts }) => parts.length === count));
    const mpxap = { "1": differing(1), "2": differing(2), "3": differing(3), mean: meanOf(pairs) };
    const pairsWithoutPictures = pairs.filter(({ pictures }) => pictures === 0).length;
    return { pairs, mpxap, pairsWithoutPictures, images: this.#images };
  }

  #scores(): PairScore[] {
    if (!this.#options.cumulative) {
      return this.#runs.map(({ pair, ap, pictures }) => ({
        ...pair,
        pictures,
        pxap: ap.compute(),
      }));
    }
    // The official order: pairs of one part first, then of two, then of three.
    const total = new PixelAp(this.#options);
    return this.#runs.toSorted((a, b) => a.pair.parts.length - b.pair.parts.length)
      .map(({ pair, ap, pictures }) => {
        total.merge(ap);
        return { ...pair, pictures, pxap: total.compute() };
      });
  }
}

/** |s^A − s^B| in [0, 1], at `SIDE × SIDE`. */
function counterfactual(
  maps: MapsOfBatch,
  n: number,
  { classes: [a, b] }: ClassPair,
  { minMax: scale }: CueOptions,
): Float64Array {
  const ofA = maps(n, a);
  const ofB = maps(n, b);
  const values = ofA.values.map((value, z) => value - ofB.values[z]);
  const difference: AttributionMap = { ...ofA, values };
  const scores = upscale(difference, SIDE).map(Math.abs);
  return scale ? minMax(scores) : scores.map((score) => Math.min(1, score));
}
