import { UserError } from "../../../engine/errors.ts";
import type { AttributionMap } from "../../maps/explain.ts";
import { type AttributionKind, rowOf } from "../../maps/kinds.ts";
import type { Evaluation, Json, View } from "../evaluation.ts";
import { PixelAp } from "../pixel_ap.ts";
import { minMax } from "../min_max.ts";
import { upscale, type Upscaling } from "../../maps/upscale.ts";
import { type BoxAccuracy, BoxEvaluator, CutMap } from "./box_accuracy.ts";
import { addMasked, SIDE } from "./object_mask.ts";

/** How maps are cut. */
export interface LocalizationOptions {
  readonly kind: AttributionKind;
  /** Between thresholds, of boxes and of masks. */
  readonly step: number;
  readonly upscaling: Upscaling;
}

/** Table 3's numbers. */
export interface LocalizationScores {
  /** Where the pictures have boxes. */
  readonly boxes: BoxAccuracy | null;
  /** Where they have masks: pixel-wise average precision, 0–100. */
  readonly pxap: number | null;
  readonly images: number;
}

/** A map as it is compared, `SIDE × SIDE`. */
interface ScaledMap {
  /** From 0 to 1. */
  readonly scores: Float64Array;
  readonly cuts: CutMap;
}

/**
 * Weakly-supervised localization (paper §5.4, Table 3): the map of the true class, scaled up and then
 * to [0, 1] by minimum and maximum, is compared with boxes or, without boxes, with masks. What the model
 * predicts is counted besides, but of a map that no model made.
 */
export class ObjectLocalization implements Evaluation<LocalizationScores> {
  #kind: AttributionKind;
  #isModels: boolean;
  #boxes: BoxEvaluator;
  #upscaling: Upscaling;
  #pixels: PixelAp;
  #images = 0;
  /** One that no model made is the same for all pictures. */
  #last?: ScaledMap & { readonly map: AttributionMap };

  constructor({ kind, step, upscaling }: LocalizationOptions) {
    this.#kind = kind;
    this.#upscaling = upscaling;
    this.#pixels = new PixelAp({ thresholds: "even", step });
    this.#isModels = !rowOf(kind).modelFree;
    this.#boxes = new BoxEvaluator({ step, top1: this.#isModels });
  }

  async add({ batch: { labels }, ids, maps, annotations, once }: View): Promise<void> {
    const found = await maps.of(this.#kind, Array.from(labels, (label) => [label]));
    for (const [n, id] of ids.entries()) {
      const { scores, cuts } = this.#scale(found(n, labels[n]));
      const truth = await once(`boxes ${id}`, () => annotations.boxes(id));
      if (truth.length > 0) {
        const isRight = this.#isModels && (await maps.explanations())[n].predicted === labels[n];
        this.#boxes.addCuts(cuts, truth, isRight);
      } else {
        addMasked(this.#pixels, scores, await once(`mask ${id}`, () => annotations.mask(id)));
      }
      this.#images++;
    }
  }

  #scale(map: AttributionMap): ScaledMap {
    if (this.#last?.map !== map) {
      const scores = minMax(upscale(map, SIDE, this.#upscaling));
      this.#last = { map, scores, cuts: new CutMap(scores, SIDE) };
    }
    return this.#last;
  }

  /** Positions of the best thresholds, to report other pictures at. */
  best(): number[] {
    return this.#boxes.best();
  }

  tally(): Json {
    const { images, hits, top1 } = this.#boxes;
    const { hits: inside, misses } = this.#pixels;
    const plain = (counts: readonly Float64Array[]) => counts.map((row) => [...row]);
    return {
      images: this.#images,
      boxes: { images, hits: plain(hits), top1: plain(top1) },
      pixels: { hits: [...inside], misses: [...misses] },
    };
  }

  merge(tally: Json): void {
    const { images, boxes, pixels } = tally as unknown as {
      images: number;
      boxes: { images: number; hits: number[][]; top1: number[][] };
      pixels: { hits: number[]; misses: number[] };
    };
    this.#images += images;
    this.#boxes.merge(boxes);
    this.#pixels.merge(pixels);
  }

  /**
   * @param at positions of the thresholds; without them the best on these pictures
   * @throws {UserError} when no pixel of the pictures' masks belongs to an object
   */
  result(at?: number[]): LocalizationScores {
    const withBoxes = this.#boxes.images > 0;
    return {
      boxes: withBoxes ? this.#boxes.compute(at) : null,
      pxap: this.#boxes.images < this.#images ? precisionOf(this.#pixels, this.#images) : null,
      images: this.#images,
    };
  }
}

/**
 * PxAP of all pictures.
 *
 * @throws {UserError} when no pixel of their masks belongs to an object: nothing could be found
 */
export function precisionOf(pixels: PixelAp, images: number): number {
  const pxap = pixels.compute();
  if (Number.isNaN(pxap)) {
    throw new UserError(
      `No pixel of the masks of ${images} pictures belongs to an object: PxAP needs some that do`,
    );
  }
  return pxap;
}
