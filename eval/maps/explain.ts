import { softmax } from "../../engine/ops/softmax.ts";
import { expectDistribution } from "./distribution.ts";
import type { Batch } from "../../data/loader.ts";
import { type Classifier, uploadPictures } from "../../model/classifier.ts";
import type { MapKind } from "./kinds.ts";

/** A map over the cells of the feature map, row by row. */
export interface AttributionMap {
  /** Columns of cells. */
  readonly width: number;
  /** Rows of cells. */
  readonly height: number;
  /** `height × width` values. */
  readonly values: Float32Array;
}

/** The other classes that a map is about. */
export interface OtherClasses {
  /** counterfactual: the alternative y′. */
  readonly against?: number;
  /** subset: the classes Y. */
  readonly superset?: readonly number[];
}

/** What a model says of one picture. */
export interface Explanation {
  /** p(y|x) of every class. */
  readonly probabilities: Float32Array;
  /** Class of the greatest probability. */
  readonly predicted: number;
  /**
   * One map of a class; the kinds a model has are in `mapKinds`. A counterfactual is against the
   * likeliest other class where none is named, and a model of one class has none.
   */
  map(kind: MapKind, label: number, others?: OtherClasses): AttributionMap;
}

/**
 * Explains every picture of a batch from one forward pass.
 *
 * - joint (eq. 7): p(ŷ,z|x); its sum over z is p(ŷ|x)
 * - conditional: p(ŷ|x,z)
 * - posterior: p(z|x,ŷ) = p(ŷ,z|x) / p(ŷ|x)
 * - saliency: p(z|x)
 * - subset: Σ_{y∈Y} p(y,z|x); of CAM the sum of the classes' cam-minmax, as in the official code
 * - counterfactual: p(ŷ,z|x) − p(y′,z|x); of CAM f_ŷ − f_y′
 * - cam: the class logits f_ŷ themselves
 * - cam-max, cam-minmax (eq. 2): the class logits scaled to [0, 1]
 *
 * @throws {UserError} when what the network gives are no probabilities
 */
export async function explain(
  model: Classifier,
  { images, size }: Pick<Batch, "images" | "size">,
): Promise<Explanation[]> {
  const { gpu } = model;
  const kept = model.inference(() => {
    const x = uploadPictures(gpu, { images, size });
    const outputs = model.forward(x);
    return {
      probabilities: model.probabilities(outputs),
      // CALM's maps need p(y|x,z), CAM's the logits themselves.
      perClass: outputs.logH ? softmax(outputs.f) : outputs.f,
      logH: outputs.logH,
    };
  });
  const { probabilities, perClass, logH } = kept;
  const [p, f, h] = await Promise.all([
    probabilities.read(),
    perClass.read(),
    logH?.read().then((log) => log.map(Math.exp)),
  ]);
  const [, height, width, classes] = perClass.shape;
  for (const tensor of [probabilities, perClass, logH]) tensor?.dispose();

  return Array.from({ length: size }, (_, n) => {
    const cells = height * width;
    const own: Cells = {
      cells,
      classes,
      perClass: f.subarray(n * cells * classes, (n + 1) * cells * classes),
      location: h?.subarray(n * cells, (n + 1) * cells) ?? null,
    };
    const pOfY = expectDistribution(p.subarray(n * classes, (n + 1) * classes));
    return {
      probabilities: pOfY,
      predicted: likeliest(pOfY),
      map: (kind, label, { against = runnerUp(pOfY, label), superset = [label] } = {}) => ({
        width,
        height,
        values: valuesOf(own, kind, label, { against, superset }),
      }),
    };
  });
}

/** The class of the greatest probability. */
export function likeliest(probabilities: Float32Array): number {
  return probabilities.reduce((best, p, y) => p > probabilities[best] ? y : best, 0);
}

/** The class of the greatest probability of all but one; null where there is no other. */
export function runnerUp(probabilities: Float32Array, label: number): number | null {
  return probabilities.reduce<number | null>(
    (best, p, y) => y !== label && (best === null || p > probabilities[best]) ? y : best,
    null,
  );
}

/** The last layers' outputs for one picture. */
interface Cells {
  readonly cells: number;
  readonly classes: number;
  /** p(y|x,z) of CALM, the logits of CAM; `cells × classes`. */
  readonly perClass: Float32Array;
  /** p(z|x); null for CAM. */
  readonly location: Float32Array | null;
}

function valuesOf(
  own: Cells,
  kind: MapKind,
  label: number,
  { against, superset }: {
    readonly against: number | null;
    readonly superset: readonly number[];
  },
): Float32Array {
  const { cells, classes, perClass, location } = own;
  const perLabel = (y: number) =>
    Float32Array.from({ length: cells }, (_, z) => perClass[z * classes + y]);
  const ofClass = (y: number) =>
    location ? perLabel(y).map((value, z) => value * location[z]) : perLabel(y);
  switch (kind) {
    case "saliency":
      return location!.slice();
    case "subset": {
      const total = new Float64Array(cells);
      for (const y of superset) {
        const map = location ? ofClass(y) : scaleCam("cam-minmax", perLabel(y));
        for (let z = 0; z < cells; z++) total[z] += map[z];
      }
      return Float32Array.from(total);
    }
    case "counterfactual": {
      if (against === null) throw new Error("A counterfactual map needs another class");
      const other = ofClass(against);
      return ofClass(label).map((value, z) => value - other[z]);
    }
    case "posterior": {
      const joint = ofClass(label);
      const total = joint.reduce((sum, value) => sum + value, 0);
      return joint.map((value) => total > 0 ? value / total : 0);
    }
    case "joint":
      return ofClass(label);
    case "conditional":
    case "cam":
      return perLabel(label);
    case "cam-max":
    case "cam-minmax":
      return scaleCam(kind, perLabel(label));
  }
}

/** Eq. 2: logits to [0, 1] by their maximum, negatives dropped, or by minimum and maximum. */
export function scaleCam(kind: "cam-max" | "cam-minmax", values: Float32Array): Float32Array {
  const top = Math.max(...values);
  const bottom = kind === "cam-max" ? 0 : Math.min(...values);
  // A constant map (or one without positive values) has no scale: it becomes zero.
  if (!(top > bottom)) return new Float32Array(values.length);
  return values.map((v) => Math.max(0, v - bottom) / (top - bottom));
}
