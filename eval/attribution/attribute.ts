import type { Batch } from "../../data/loader.ts";
import { UserError } from "../../engine/errors.ts";
import type { Classifier } from "../../model/classifier.ts";
import { type AttributionMap, explain, MAP_KINDS, type MapKind, mapKinds } from "./explain.ts";
import { GRADIENT_KINDS, type GradientKind, gradientMaps } from "./gradient_maps.ts";

/** Every way to attribute a prediction to places. */
export const ATTRIBUTION_KINDS = [...MAP_KINDS, ...GRADIENT_KINDS] as const;

/** A kind of attribution. */
export type AttributionKind = MapKind | GradientKind;

/** The map of a class y of the picture at position n of a batch. */
export type MapsOfBatch = (n: number, label: number) => AttributionMap;

/** True for methods that differentiate the network. */
export function isGradientKind(kind: AttributionKind): kind is GradientKind {
  return (GRADIENT_KINDS as readonly string[]).includes(kind);
}

/**
 * @throws {UserError} when a model has no maps of this kind
 */
export function checkKind(model: Classifier, kind: AttributionKind): void {
  const possible: readonly AttributionKind[] = [...mapKinds(model), ...GRADIENT_KINDS];
  if (!possible.includes(kind)) {
    throw new UserError(
      `--map is "${kind}", expected one of ${possible.join(", ")} for a model of ${model.method}`,
    );
  }
}

/**
 * Attributions of a batch. Maps of the last layers come from one forward pass, whatever the number
 * of classes; gradient methods need passes for each class, so `wanted` says which.
 *
 * @param wanted classes of each picture that will be asked for
 */
export async function attribute(
  model: Classifier,
  batch: Pick<Batch, "images" | "size" | "indices">,
  kind: AttributionKind,
  wanted: readonly (readonly number[])[],
): Promise<MapsOfBatch> {
  if (!isGradientKind(kind)) {
    const explanations = await explain(model, batch);
    return (n, label) => explanations[n].map(kind, label);
  }
  const { images, size, indices } = batch;
  const pixels = images.length / 4 / size;
  const extent = Math.sqrt(pixels);
  const maps = new Map<string, AttributionMap>();
  const rounds = Math.max(0, ...wanted.map((labels) => labels.length));
  for (let round = 0; round < rounds; round++) {
    // Pictures with fewer classes than others are carried along with their first.
    const labels = Uint32Array.from(wanted, (own) => own[round] ?? own[0] ?? 0);
    const values = await gradientMaps(model, kind, { images, labels, indices, seed: 0 });
    for (let n = 0; n < size; n++) {
      const own = values.slice(n * pixels, (n + 1) * pixels);
      maps.set(`${n} ${labels[n]}`, { width: extent, height: extent, values: own });
    }
  }
  return (n, label) => maps.get(`${n} ${label}`)!;
}
