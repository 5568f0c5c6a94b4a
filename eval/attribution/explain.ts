import { softmax } from "../../engine/ops/softmax.ts";
import type { Batch } from "../../data/loader.ts";
import { type Classifier, uploadPictures } from "../../model/classifier.ts";

/** A map over the cells of the feature map, row by row. */
export interface AttributionMap {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** All kinds of map, with the paper's names for them. */
export const MAP_KINDS = [
  "joint",
  "conditional",
  "posterior",
  "saliency",
  "cam",
  "cam-max",
  "cam-minmax",
] as const;

/** A kind of map. */
export type MapKind = typeof MAP_KINDS[number];

/** What a model says of one picture. */
export interface Explanation {
  /** p(y|x) of every class. */
  readonly probabilities: Float32Array;
  /** Class of the greatest probability. */
  readonly predicted: number;
  /** One map of a class; the kinds a model has are in `mapKinds`. */
  map(kind: MapKind, label: number): AttributionMap;
}

/** The map kinds of a model: CALM's are probabilities, CAM's are scaled logits (eq. 2). */
export function mapKinds(model: Classifier): readonly MapKind[] {
  return model.method === "cam"
    ? ["cam-max", "cam-minmax", "cam"]
    : ["joint", "conditional", "saliency", "posterior"];
}

/**
 * Explains every picture of a batch from one forward pass.
 *
 * - joint (eq. 7): p(ŷ,z|x); its sum over z is p(ŷ|x)
 * - conditional: p(ŷ|x,z)
 * - posterior: p(z|x,ŷ) = p(ŷ,z|x) / p(ŷ|x)
 * - saliency: p(z|x)
 * - cam: the class logits f_ŷ themselves
 * - cam-max, cam-minmax (eq. 2): the class logits scaled to [0, 1]
 */
export async function explain(
  model: Classifier,
  { images, size }: Pick<Batch, "images" | "size">,
): Promise<Explanation[]> {
  const [{ tensor: { gpu } }] = model.parameters();
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

  const cells = height * width;
  return Array.from({ length: size }, (_, n) => {
    const own = p.subarray(n * classes, (n + 1) * classes);
    return {
      probabilities: own,
      predicted: own.indexOf(Math.max(...own)),
      map(kind, label) {
        const values = new Float32Array(cells);
        for (let z = 0; z < cells; z++) {
          const value = f[(n * cells + z) * classes + label];
          const location = h ? h[n * cells + z] : 1;
          if (kind === "saliency") values[z] = location;
          else values[z] = kind === "joint" || kind === "posterior" ? value * location : value;
        }
        if (kind === "posterior") {
          const total = values.reduce((sum, value) => sum + value, 0);
          for (let z = 0; z < cells; z++) values[z] /= total;
        }
        return { width, height, values: scaleCam(kind, values) };
      },
    };
  });
}

/** Eq. 2: logits to [0, 1] by their maximum, negatives dropped, or by minimum and maximum. */
function scaleCam(kind: MapKind, values: Float32Array): Float32Array {
  if (!kind.startsWith("cam-")) return values;
  const top = Math.max(...values);
  const bottom = kind === "cam-max" ? 0 : Math.min(...values);
  // A constant map (or one without positive values) has no scale: it becomes zero.
  if (!(top > bottom)) return new Float32Array(values.length);
  return values.map((v) => Math.max(0, v - bottom) / (top - bottom));
}
