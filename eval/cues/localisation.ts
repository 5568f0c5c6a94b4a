import type { BatchLoader } from "../../data/loader.ts";
import type { Classifier } from "../../model/classifier.ts";
import { attribute, type AttributionKind, type MapsOfBatch } from "../attribution/attribute.ts";
import type { AttributionMap } from "../attribution/explain.ts";
import { PixelAp, type PixelApOptions } from "../metrics/pixel_ap.ts";
import { minMax } from "../min_max.ts";
import { upscale } from "../upscale.ts";
import type { ClassPair } from "./class_pairs.ts";
import { type PartMap, SIDE } from "./part_map.ts";

/** How attributions are turned into scores and compared with the masks. */
export interface CueOptions extends PixelApOptions {
  /** Which maps are subtracted: `joint` for CALM, `cam` (unscaled logits) for CAM. */
  readonly kind: AttributionKind;
  /** Scale |s^A − s^B| of each picture to [0, 1]; needed where a map is no probability. */
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
  /** Pictures of the classes of the pairs; maps of the last layers take one forward pass for each. */
  readonly images: number;
}

/**
 * The official settings: CALM's maps are probabilities and are compared as they are, all others are
 * scaled. Without a kind, the model's own: `joint` for CALM, `cam` for CAM.
 */
export function officialCueOptions(model: Classifier, kind?: AttributionKind): CueOptions {
  const chosen = kind ?? (model.method === "cam" ? "cam" : "joint");
  const isProbability = ["joint", "conditional", "posterior", "saliency"].includes(chosen);
  return { kind: chosen, minMax: !isProbability, thresholds: isProbability ? "log" : "even" };
}

/**
 * Cue localization (paper §5.2, Table 1): for pictures of two classes A and B the absolute
 * difference of the classes' attribution maps should retrieve the pixels of the parts in which the
 * classes differ. Every picture goes through the network once, however many pairs it serves.
 *
 * @param loader pictures of the classes of `pairs`
 * @param parts the part map of the picture at a position of the loader's split, or null
 */
export async function localiseCues(
  model: Classifier,
  loader: BatchLoader,
  { pairs, parts, options, onProgress }: {
    readonly pairs: readonly ClassPair[];
    readonly parts: (index: number) => Promise<PartMap | null>;
    readonly options: CueOptions;
    readonly onProgress?: (batches: number) => void;
  },
): Promise<CueScores> {
  const runs = pairs.map((pair) => ({ pair, ap: new PixelAp(options), pictures: 0 }));
  const byClass = Map.groupBy(
    runs.flatMap((run) => run.pair.classes.map((label) => ({ label, run }))),
    ({ label }) => label,
  );
  let images = 0;
  for await (const batch of loader.batches(0)) {
    const wanted = Array.from(
      batch.labels,
      (label) => [
        ...new Set((byClass.get(label) ?? []).flatMap(({ run }) => run.pair.classes)),
      ],
    );
    const maps = await attribute(model, batch, options.kind, wanted);
    images += batch.size;
    for (let n = 0; n < batch.size; n++) {
      const map = await parts(batch.indices[n]);
      if (!map) continue;
      for (const { run } of byClass.get(batch.labels[n]) ?? []) {
        const { pair, ap } = run;
        if (!pair.parts.some((part) => map.visible.has(part))) continue;
        const wanted = new Set(pair.parts);
        ap.add(counterfactual(maps, n, pair, options), (i) => wanted.has(map.parts[i]));
        run.pictures++;
      }
    }
    onProgress?.(batch.number + 1);
  }
  const scored = score(runs, options);
  const meanOf = (group: readonly PairScore[]) => {
    const sound = group.filter(({ pxap }) => !Number.isNaN(pxap));
    return sound.reduce((sum, { pxap }) => sum + pxap, 0) / sound.length;
  };
  const differing = (count: number) => scored.filter(({ parts }) => parts.length === count);
  return {
    pairs: scored,
    mpxap: {
      "1": meanOf(differing(1)),
      "2": meanOf(differing(2)),
      "3": meanOf(differing(3)),
      mean: meanOf(scored),
    },
    images,
  };
}

interface Run {
  readonly pair: ClassPair;
  readonly ap: PixelAp;
  readonly pictures: number;
}

function score(runs: readonly Run[], options: CueOptions): PairScore[] {
  if (!options.cumulative) {
    return runs.map(({ pair, ap, pictures }) => ({ ...pair, pictures, pxap: ap.compute() }));
  }
  // The official order: pairs of one part first, then of two, then of three.
  const total = new PixelAp(options);
  return runs.toSorted((a, b) => a.pair.parts.length - b.pair.parts.length)
    .map(({ pair, ap, pictures }) => {
      total.merge(ap);
      return { ...pair, pictures, pxap: total.compute() };
    });
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
