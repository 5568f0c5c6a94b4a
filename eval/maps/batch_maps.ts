import type { Batch } from "../../data/loader.ts";
import { extentOf } from "../../data/transform.ts";
import type { Classifier } from "../../model/classifier.ts";
import { UserError } from "../../engine/errors.ts";
import { centreMap } from "./centre.ts";
import { gaussianBlur } from "./gaussian_blur.ts";
import { pickPictures } from "./pick_pictures.ts";
import { type AttributionMap, explain, type Explanation } from "./explain.ts";
import { gradCam } from "./grad_cam.ts";
import { gradientMaps } from "./gradient_maps.ts";
import { acolMaps } from "./acol_maps.ts";
import {
  type AttributionKind,
  type GradCamKind,
  type GradientKind,
  isFixedKind,
  isGradientKind,
  needsPasses,
} from "./kinds.ts";

/** The map of a class y of the picture at position n of a batch. */
export type MapsOfBatch = (n: number, label: number) => AttributionMap;

/** How maps are made. */
export interface MapOptions {
  /** Standard deviation in pixels of the Gaussian over gradient maps (paper §5.2); default none. */
  readonly blur?: number;
  /** The classes that `subset` adds up for a class; default the class alone. */
  readonly superset?: (label: number) => readonly number[];
  /** The class that `counterfactual` subtracts; default the likeliest other one. */
  readonly against?: number;
  /** Of the noise of the SmoothGrad family. */
  readonly seed?: number;
  /** Told which share of a gradient map's passes is done; what it throws ends the work. */
  readonly onShare?: (share: number) => void;
}

/**
 * Attributions of a batch, each computed once however many evaluations ask for it. Maps of the last
 * layers of all classes come from one forward pass; gradient methods need passes for each class, so
 * the classes have to be named beforehand.
 */
export class BatchMaps {
  #model: Classifier;
  #batch: Pick<Batch, "images" | "size" | "indices">;
  #options: MapOptions;
  #explanations?: Promise<Explanation[]>;
  #found = new Map<string, AttributionMap>();

  /** Nothing is computed yet. */
  constructor(
    model: Classifier,
    batch: Pick<Batch, "images" | "size" | "indices">,
    options: MapOptions = {},
  ) {
    this.#model = model;
    this.#batch = batch;
    this.#options = options;
  }

  /** What the last layers say of each picture. */
  explanations(): Promise<Explanation[]> {
    return this.#explanations ??= explain(this.#model, this.#batch);
  }

  /**
   * Makes the maps of a kind.
   *
   * @param wanted classes of each picture that will be asked for
   */
  async of(kind: AttributionKind, wanted: readonly (readonly number[])[]): Promise<MapsOfBatch> {
    if (isFixedKind(kind)) {
      const map = centreMap();
      return () => map;
    }
    if (isGradientKind(kind)) await this.#differentiate(kind, wanted);
    else if (needsPasses(kind)) await this.#byRounds(kind, wanted);
    else {
      const explanations = await this.explanations();
      const { superset, against } = this.#options;
      return (n, label) =>
        this.#once(kind, n, label, () => {
          const others = { against, superset: superset?.(label) };
          return explanations[n].map(kind, label, others);
        });
    }
    return (n, label) => this.#found.get(keyOf(kind, n, label))!;
  }

  #once(kind: AttributionKind, n: number, label: number, make: () => AttributionMap) {
    const key = keyOf(kind, n, label);
    const map = this.#found.get(key) ?? make();
    this.#keep(kind, n, label, map);
    return map;
  }

  /** @throws {UserError} when a value of the map is NaN or infinite: it must not pass for a number */
  #keep(kind: AttributionKind, n: number, label: number, map: AttributionMap): void {
    const bad = map.values.find((value) => !Number.isFinite(value));
    if (bad !== undefined) {
      throw new UserError(
        `The ${kind} map of picture ${this.#batch.indices[n]} for class ${label} has the value ` +
          `${bad}: the model's weights give no finite numbers`,
      );
    }
    this.#found.set(keyOf(kind, n, label), map);
  }

  /** The pictures and classes that are not known yet. */
  #missing(kind: AttributionKind, wanted: readonly (readonly number[])[]) {
    return wanted.flatMap((labels, n) =>
      [...new Set(labels)].map((label) => ({ n, label }))
        .filter(({ label }) => !this.#found.has(keyOf(kind, n, label)))
    );
  }

  async #differentiate(kind: GradientKind, wanted: readonly (readonly number[])[]): Promise<void> {
    const { size, indices } = this.#batch;
    const { seed = 0, blur = 0, onShare } = this.#options;
    const missing = this.#missing(kind, wanted);
    for (let from = 0; from < missing.length; from += size) {
      const items = missing.slice(from, from + size);
      const images = pickPictures(this.#batch, items.map(({ n }) => n));
      const extent = extentOf({ images, size: items.length });
      const pixels = extent ** 2;
      const family = await gradientMaps(this.#model, kind, {
        images,
        labels: Uint32Array.from(items, ({ label }) => label),
        indices: items.map(({ n }) => indices[n]),
        seed,
        onShare: (share) => onShare?.((from + share * items.length) / missing.length),
      });
      for (const [member, maps] of Object.entries(family)) {
        for (const [i, { n, label }] of items.entries()) {
          const raw = maps.slice(i * pixels, (i + 1) * pixels);
          const values = blur > 0
            ? gaussianBlur(raw, {
              extent,
              channels: 1,
              radius: Math.ceil(3 * blur),
              deviation: blur,
            })
            : raw;
          const map = { width: extent, height: extent, values };
          this.#keep(member as GradientKind, n, label, map);
        }
      }
    }
  }

  async #byRounds(
    kind: GradCamKind | "acol",
    wanted: readonly (readonly number[])[],
  ): Promise<void> {
    const missing = Map.groupBy(this.#missing(kind, wanted), ({ n }) => n);
    const rounds = Math.max(0, ...[...missing.values()].map((items) => items.length));
    // Pictures with fewer classes than others are carried along.
    const labels = Array.from(
      { length: rounds },
      (_, round) =>
        Uint32Array.from(
          { length: this.#batch.size },
          (_, n) => missing.get(n)?.[round]?.label ?? 0,
        ),
    );
    if (rounds === 0) return;
    const made = kind === "acol"
      ? await acolMaps(this.#model, this.#batch, labels)
      : await gradCam(this.#model, this.#batch, labels);
    for (const [round, maps] of made.entries()) {
      for (const [n, group] of maps.entries()) {
        for (const [member, map] of Object.entries(group)) {
          this.#keep(member as AttributionKind, n, labels[round][n], map);
        }
      }
    }
  }
}

function keyOf(kind: AttributionKind, n: number, label: number): string {
  return `${kind} ${n} ${label}`;
}
