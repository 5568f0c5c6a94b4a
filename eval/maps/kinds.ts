import { didYouMean } from "../../engine/did_you_mean.ts";
import { UserError } from "../../engine/errors.ts";
import type { Method } from "../../model/classifier.ts";
import { MAP_KINDS, type MapKind, mapKinds, type MappedModel } from "./explain.ts";
import { GRAD_CAM_KINDS, type GradCamKind } from "./grad_cam.ts";
import { GRADIENT_KINDS, type GradientKind } from "./gradient_maps.ts";

/** Every way to attribute a prediction to places. */
export const ATTRIBUTION_KINDS = [...MAP_KINDS, ...GRADIENT_KINDS, ...GRAD_CAM_KINDS] as const;

/** A kind of attribution. */
export type AttributionKind = MapKind | GradientKind | GradCamKind;

/** True for methods that differentiate the network by its input. */
export function isGradientKind(kind: AttributionKind): kind is GradientKind {
  return (GRADIENT_KINDS as readonly string[]).includes(kind);
}

/** True for methods that weight feature maps by their gradients. */
export function isGradCamKind(kind: AttributionKind): kind is GradCamKind {
  return (GRAD_CAM_KINDS as readonly string[]).includes(kind);
}

/** True for CALM's maps of probabilities, which need no scaling to be compared. */
export function isProbability(method: Method, kind: AttributionKind): boolean {
  const probabilities = ["joint", "conditional", "posterior", "saliency", "subset"];
  return method !== "cam" && probabilities.includes(kind);
}

/** True for maps whose values are also negative: drawn in red and blue. */
export function isSigned(kind: AttributionKind): boolean {
  return kind === "counterfactual" || kind === "cam";
}

/** The map that a model is about: the joint for CALM, the class logits for CAM. */
export function ownKind(method: Method): AttributionKind {
  return method === "cam" ? "cam" : "joint";
}

/** Every kind of map that a model has. */
function kindsOf(model: MappedModel): readonly string[] {
  return [...mapKinds(model), ...GRADIENT_KINDS, ...GRAD_CAM_KINDS];
}

/** Whether a model has maps of this kind. */
export function hasKind(model: MappedModel, kind: string): kind is AttributionKind {
  return kindsOf(model).includes(kind);
}

/**
 * @param models those of which one has to have it
 * @throws {UserError} when no model has maps of this kind
 */
export function checkKind(
  models: MappedModel | readonly MappedModel[],
  kind: string,
): AttributionKind {
  const all = [models].flat();
  const possible = new Set(all.flatMap(kindsOf));
  if (possible.has(kind)) return kind as AttributionKind;
  const methods = [...new Set(all.map(({ method }) => method))];
  throw new UserError(
    `--map is "${kind}", expected one of ${[...possible].join(", ")} for ${
      methods.length > 1 ? "models" : "a model"
    } of ${methods.join(" and ")}` +
      (all.every(({ classes }) => classes === 1) ? " with one class" : "") +
      didYouMean(kind, possible),
  );
}
