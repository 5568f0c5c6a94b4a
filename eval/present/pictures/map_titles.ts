import type { Method } from "../../../model/classifier.ts";
import type { AttributionKind } from "../../maps/kinds.ts";

/** Headings: what a map is, and what its numbers are; of CALM where methods differ. */
export const MAP_TITLES: Readonly<
  Record<AttributionKind, readonly [title: string, formula: string]>
> = {
  "joint": ["joint", "p(ŷ, z | x)"],
  "conditional": ["conditional", "p(ŷ | x, z)"],
  "posterior": ["posterior", "p(z | x, ŷ)"],
  "saliency": ["saliency", "p(z | x)"],
  "subset": ["subset", "Σ p(y, z | x)"],
  "counterfactual": ["counterfactual", "p(ŷ, z | x) − p(y′, z | x)"],
  "cam": ["CAM, unscaled", "f"],
  "cam-max": ["CAM", "f / max f"],
  "cam-minmax": ["CAM, min–max", "(f − min) / (max − min)"],
  "gradient": ["gradient", "max |∂s / ∂x|"],
  "integrated-gradient": ["integrated gradient", "mean of max |∂s / ∂x|"],
  "smooth-grad": ["SmoothGrad", "E[max |∂s / ∂x|]"],
  "smooth-grad-squared": ["SmoothGrad²", "E[max |∂s / ∂x|²]"],
  "var-grad": ["VarGrad", "Var[max |∂s / ∂x|]"],
  "grad-cam": ["Grad-CAM", "relu(Σ α u)"],
  "grad-cam++": ["Grad-CAM++", "relu(Σ α u)"],
};

/** What these are of CAM: made of logits. */
const OF_CAM: Readonly<Partial<Record<AttributionKind, string>>> = {
  "subset": "Σ (f − min) / (max − min)",
  "counterfactual": "f(ŷ, z) − f(y′, z)",
};

/** The heading of a map of a model of this method. */
export function mapTitle(kind: AttributionKind, method: Method) {
  const [title, formula] = MAP_TITLES[kind];
  return { title, formula: (method === "cam" ? OF_CAM[kind] : undefined) ?? formula };
}
