import type { AttributionKind } from "../../eval/maps/kinds.ts";
import { classWords } from "../../eval/present/class_words.ts";
import type { OpenedModel } from "../../model/stored/open_model.ts";

/** A class as people read it. */
export function className({ classNames }: Pick<OpenedModel, "classNames">, label: number): string {
  const name = classNames?.[label];
  return name === undefined ? `class ${label}` : classWords(name);
}

/** A probability with three decimals. */
export function probability(p: number): string {
  return p > 0 && p < 0.0005 ? "<0.001" : p.toFixed(3);
}

/** Any number with three significant digits. */
export function number(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const digits = size >= 1e-3 && size < 1e5
    ? size.toPrecision(3)
    : size.toExponential(1).replace("e-", "·10⁻").replace("e+", "·10").replace(/\d+$/, superscript);
  return (value < 0 ? "−" : "") + digits;
}

function superscript(digits: string): string {
  return [...digits].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
}

/** What a kind of map is called and what its values are. */
export interface KindWords {
  readonly name: string;
  readonly values: string;
}

const CALM_WORDS: Partial<Record<AttributionKind, KindWords>> = {
  joint: { name: "Joint", values: "p(y, z | x)" },
  conditional: { name: "Conditional", values: "p(y | x, z)" },
  saliency: { name: "Saliency", values: "p(z | x)" },
  posterior: { name: "Posterior", values: "p(z | x, y)" },
  subset: { name: "Subset of classes", values: "Σ p(y, z | x)" },
  counterfactual: { name: "Counterfactual", values: "p(y, z | x) − p(y′, z | x)" },
};

const OTHER_WORDS: Partial<Record<AttributionKind, KindWords>> = {
  "cam": { name: "CAM, logits", values: "f(y, z)" },
  "cam-max": { name: "CAM, by maximum", values: "f(y, z) / max f" },
  "cam-minmax": { name: "CAM, by minimum and maximum", values: "(f − min f) / (max f − min f)" },
  "subset": { name: "Subset of classes", values: "Σ of min–max CAMs over Y" },
  "counterfactual": { name: "Counterfactual", values: "f(y, z) − f(y′, z)" },
  "grad-cam": { name: "Grad-CAM", values: "relu(Σ αₖ uₖ)" },
  "grad-cam++": { name: "Grad-CAM++", values: "relu(Σ αₖ uₖ)" },
  "gradient": { name: "Gradient", values: "max |∂ score / ∂ x|" },
  "integrated-gradient": { name: "Integrated gradient", values: "mean of |∂ score / ∂ x|" },
  "smooth-grad": { name: "SmoothGrad", values: "mean of |∂ score / ∂ x|" },
  "smooth-grad-squared": { name: "SmoothGrad squared", values: "mean of |∂ score / ∂ x|²" },
  "var-grad": { name: "VarGrad", values: "variance of |∂ score / ∂ x|" },
};

/** The words for a kind of map of a model. */
export function kindWords({ model }: OpenedModel, kind: AttributionKind): KindWords {
  const calm = model.method === "cam" ? undefined : CALM_WORDS[kind];
  return calm ?? OTHER_WORDS[kind] ?? { name: kind, values: "" };
}
