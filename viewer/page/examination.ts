import type { Picture } from "../../data/dataset.ts";
import { resizeLikePillow } from "../../data/resize.ts";
import { writeNormalised } from "../../data/transform.ts";
import { Random } from "../../engine/random.ts";
import { BatchMaps } from "../../eval/maps/batch_maps.ts";
import type { AttributionMap, Explanation } from "../../eval/maps/explain.ts";
import {
  type AttributionKind,
  gradientKinds,
  type MapKind,
  mapKinds,
  rowOf,
} from "../../eval/maps/kinds.ts";
import { baselineOf } from "../../eval/measures/erasing/baseline.ts";
import { erase, probabilitiesOf, rank } from "../../eval/measures/erasing/erase.ts";
import { pictureOf } from "../../eval/present/pictures/overlay.ts";
import type { OpenedModel } from "../../model/stored/open_model.ts";

/** Which map of a picture is wanted. */
export interface MapChoice {
  readonly kind: AttributionKind;
  /** The class y. */
  readonly label: number;
  /** counterfactual: the alternative y′. */
  readonly against: number;
  /** subset: the classes Y. */
  readonly superset: readonly number[];
}

/** A picture with a map's highest pixels erased, and what the model says of it. */
export interface Erased {
  /** p(y|x) of every class. */
  readonly probabilities: Float32Array;
  /** The picture as it is shown, blurred where it is erased. */
  readonly picture: Picture;
}

/** Told which share of the work is done. */
export type OnShare = (share: number) => void;

/** Who is told of the map that is being made. */
interface Listener {
  onShare?: OnShare;
}

/** Long side of the pictures that are shown, in pixels. */
const LONG_SIDE = 512;

/** Kinds of map that a model has: those of its last layers, and those that need gradients. */
export function kindsOf({ model }: OpenedModel): {
  readonly own: readonly AttributionKind[];
  readonly gradients: readonly AttributionKind[];
} {
  return { own: mapKinds(model), gradients: gradientKinds(model) };
}

/** Whether maps of a kind take passes through the network for each class. */
export function needsPasses(kind: AttributionKind): kind is Exclude<AttributionKind, MapKind> {
  return rowOf(kind).family !== "forward";
}

/** What a model says of a picture: probabilities, maps, and the same with pixels erased. */
export class Examination {
  /** The picture at the size at which it is shown. */
  readonly shown: Picture;
  /** Classes from the likeliest to the least likely. */
  readonly order: readonly number[];
  #input: Float32Array<ArrayBuffer>;
  #maps: BatchMaps;
  #listener: Listener;
  #evidence = new Map<number, AttributionMap>();
  #known = new Map<string, AttributionMap>();
  #erased?: { readonly map: AttributionMap; readonly share: number; readonly erased: Erased };
  #blurred?: { readonly input: Float32Array; readonly shown: Picture };

  private constructor(
    readonly opened: OpenedModel,
    readonly explanation: Explanation,
    { shown, input, maps, listener }: {
      readonly shown: Picture;
      readonly input: Float32Array<ArrayBuffer>;
      readonly maps: BatchMaps;
      readonly listener: Listener;
    },
  ) {
    this.shown = shown;
    this.#input = input;
    this.#maps = maps;
    this.#listener = listener;
    const { probabilities } = explanation;
    this.order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  }

  /** Shows a picture to a model: one pass through the network. */
  static async of(opened: OpenedModel, picture: Picture): Promise<Examination> {
    const { crop, model } = opened;
    const input = new Float32Array(4 * crop * crop);
    writeNormalised(resizeLikePillow(picture, crop, crop), crop, input, 0);
    const listener: Listener = {};
    const maps = new BatchMaps(
      model,
      { images: input, size: 1, indices: Uint32Array.of(0) },
      { onShare: (share) => listener.onShare?.(share) },
    );
    const [explanation] = await maps.explanations();
    const zoom = LONG_SIDE / Math.max(picture.width, picture.height);
    const [width, height] = [picture.width, picture.height]
      .map((side) => Math.max(1, Math.round(side * zoom)));
    const shown = resizeLikePillow(picture, width, height, "bicubic");
    return new Examination(opened, explanation, { shown, input, maps, listener });
  }

  /**
   * The map that was chosen; the same object for the same choice.
   *
   * @param onShare told which share of a slow map is done; what it throws ends the work
   */
  async map(choice: MapChoice, onShare?: OnShare): Promise<AttributionMap> {
    const { kind, label } = choice;
    if (needsPasses(kind)) {
      this.#listener.onShare = onShare;
      return (await this.#maps.of(kind, [[label]]))(0, label);
    }
    return this.#ofOnePass(kind, choice);
  }

  /**
   * The maps with which one shares its scale: those of every class, or of a kind whose every class
   * takes passes of its own, that of the predicted class.
   *
   * @param onShare as of `map`
   */
  async rivals(choice: MapChoice, onShare?: OnShare): Promise<AttributionMap[]> {
    const { kind, against } = choice;
    const [predicted] = this.order;
    if (needsPasses(kind)) return [await this.map({ ...choice, label: predicted }, onShare)];
    const labels = kind === "counterfactual"
      ? this.order.filter((label) => label !== against)
      : this.order;
    return labels.map((label) => this.#ofOnePass(kind, { ...choice, label, superset: [label] }));
  }

  #ofOnePass(kind: MapKind, { label, against, superset }: MapChoice): AttributionMap {
    const key = JSON.stringify([kind, label, against, superset]);
    const map = this.#known.get(key) ?? this.explanation.map(kind, label, { against, superset });
    this.#known.set(key, map);
    return map;
  }

  /** What each cell says for a class: p(y,z|x), or for a model of CAM its logits. */
  evidence(label: number): AttributionMap {
    const kind: MapKind = this.opened.model.method === "cam" ? "cam" : "joint";
    const map = this.#evidence.get(label) ?? this.explanation.map(kind, label);
    this.#evidence.set(label, map);
    return map;
  }

  /** Replaces the pixels where a map is highest by blurred ones, as Figure 5 of the paper does. */
  async erase(map: AttributionMap, share: number): Promise<Erased> {
    const { map: lastMap, share: lastShare, erased } = this.#erased ?? {};
    if (erased && lastMap === map && lastShare === share) return erased;
    const fresh = await this.#erase(map, share);
    this.#erased = { map, share, erased: fresh };
    return fresh;
  }

  async #erase(map: AttributionMap, share: number): Promise<Erased> {
    const { crop, model } = this.opened;
    const { width, height } = this.shown;
    this.#blurred ??= blur(this.#input, crop, this.shown);
    const order = rank(map, crop);
    const end = Math.round(share * order.length);
    const images = erase({ images: this.#input, size: 1 }, [order], {
      end,
      baselines: [this.#blurred.input],
    });
    const [probabilities] = await probabilitiesOf(model, images, 1);
    const erased = new Uint8Array(crop * crop);
    for (const pixel of order.subarray(0, end)) erased[pixel] = 1;
    const data = this.shown.data.slice();
    for (let y = 0; y < height; y++) {
      const row = crop * Math.floor(y * crop / height);
      for (let x = 0; x < width; x++) {
        if (!erased[row + Math.floor(x * crop / width)]) continue;
        const at = 3 * (y * width + x);
        data.set(this.#blurred.shown.data.subarray(at, at + 3), at);
      }
    }
    return { probabilities, picture: { width, height, data } };
  }
}

function blur(input: Float32Array, crop: number, { width, height }: Picture) {
  const blurred = baselineOf(input, crop, "blur", Random.of(0));
  return { input: blurred, shown: resizeLikePillow(pictureOf(blurred, 0, crop), width, height) };
}
