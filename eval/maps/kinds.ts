import { didYouMean } from "../../engine/did_you_mean.ts";
import { UserError } from "../../engine/errors.ts";
import { isCalm, type Method } from "../../model/methods.ts";

/** Everything that decides how a kind of map is made, compared, drawn and named. */
export interface KindOfMap {
  /**
   * Where it comes from: one forward pass (`explain.ts`), gradients by the picture
   * (`gradient_maps.ts`) or by the last features (`grad_cam.ts`), ACoL's second classifier, which takes
   * a pass for each class (`acol_maps.ts`), or no model (`centre.ts`).
   */
  readonly family: "forward" | "gradient" | "grad-cam" | "acol" | "fixed";
  /** The models that have it: of CALM, those that pool class logits, of one method, or all. */
  readonly of: "calm" | "pooled" | "acol" | "all";
  /** Heading of a column. */
  readonly title: string;
  /** What the numbers are; of CALM where methods differ. */
  readonly formula: string;
  /** The formula of a model other than CALM, whose maps are made of logits, where it differs. */
  readonly formulaOfCam?: string;
  /** Heading of a table's row; MODEL stands for what the model is called. */
  readonly row: string;
  /** The heading for models of ACoL, where it differs. */
  readonly rowOfAcol?: string;
  /** Has negative values, too: drawn in red and blue. */
  readonly signed?: true;
  /** The same for all classes: the difference of two is nothing. */
  readonly classFree?: true;
  /** The same for all pictures and models: what a map has to be better than. */
  readonly modelFree?: true;
  /** About a second class: a model of one class has none. */
  readonly needsOther?: true;
  /** Probabilities, where the model is of CALM: comparable without scaling. */
  readonly probability?: true;
  /** Passes forward and back through the network for each class, where it takes some. */
  readonly gradients?: number;
  /** Maps of one group are made together. */
  readonly group?: string;
}

/**
 * All kinds of map, with the paper's names. A new one is a row here and its formula in the file of
 * its family.
 */
export const KINDS = {
  "joint": {
    ...{ family: "forward", of: "calm", probability: true },
    ...{ title: "joint", formula: "p(ŷ, z | x)", row: "MODEL" },
  },
  "conditional": {
    ...{ family: "forward", of: "calm", probability: true },
    ...{ title: "conditional", formula: "p(ŷ | x, z)", row: "MODEL, conditional" },
  },
  "saliency": {
    ...{ family: "forward", of: "calm", probability: true, classFree: true },
    ...{ title: "saliency", formula: "p(z | x)", row: "MODEL, saliency" },
  },
  "posterior": {
    ...{ family: "forward", of: "calm", probability: true },
    ...{ title: "posterior", formula: "p(z | x, ŷ)", row: "MODEL, posterior" },
  },
  "acol": {
    ...{ family: "acol", of: "acol" },
    ...{ title: "ACoL", formula: "max of A and B, min–max", row: "MODEL" },
  },
  "cam-max": {
    ...{ family: "forward", of: "pooled" },
    ...{ title: "CAM", formula: "f / max f", row: "MODEL, max" },
    rowOfAcol: "MODEL, classifier A, max",
  },
  "cam-minmax": {
    ...{ family: "forward", of: "pooled" },
    ...{ title: "CAM, min–max", formula: "(f − min) / (max − min)", row: "MODEL, min–max" },
    rowOfAcol: "MODEL, classifier A, min–max",
  },
  "cam": {
    ...{ family: "forward", of: "pooled", signed: true },
    ...{ title: "CAM, unscaled", formula: "f", row: "MODEL" },
    rowOfAcol: "MODEL, classifier A",
  },
  "subset": {
    ...{ family: "forward", of: "all", probability: true },
    ...{ title: "subset", formula: "Σ p(y, z | x)", row: "MODEL + Y" },
    formulaOfCam: "Σ (f − min) / (max − min)",
  },
  "counterfactual": {
    ...{ family: "forward", of: "all", signed: true, needsOther: true },
    ...{ title: "counterfactual", formula: "p(ŷ, z | x) − p(y′, z | x)" },
    row: "MODEL, counterfactual",
    formulaOfCam: "f(ŷ, z) − f(y′, z)",
  },
  "gradient": {
    ...{ family: "gradient", of: "all", gradients: 1 },
    ...{
      title: "gradient",
      formula: "max |∂s / ∂x|",
      row: "Vanilla gradient of MODEL",
    },
  },
  "integrated-gradient": {
    ...{ family: "gradient", of: "all", gradients: 51 },
    ...{ title: "integrated gradient", formula: "mean of max |∂s / ∂x|" },
    row: "Integrated gradient of MODEL",
  },
  "smooth-grad": {
    ...{ family: "gradient", of: "all", gradients: 50, group: "noise" },
    ...{
      title: "SmoothGrad",
      formula: "E[max |∂s / ∂x|]",
      row: "SmoothGrad of MODEL",
    },
  },
  "smooth-grad-squared": {
    ...{ family: "gradient", of: "all", gradients: 50, group: "noise" },
    ...{ title: "SmoothGrad²", formula: "E[max |∂s / ∂x|²]" },
    row: "SmoothGrad-squared of MODEL",
  },
  "var-grad": {
    ...{ family: "gradient", of: "all", gradients: 50, group: "noise" },
    ...{ title: "VarGrad", formula: "Var[max |∂s / ∂x|]", row: "VarGrad of MODEL" },
  },
  "grad-cam": {
    ...{ family: "grad-cam", of: "all", group: "last layers" },
    ...{ title: "Grad-CAM", formula: "relu(Σ α u)", row: "Grad-CAM of MODEL" },
  },
  "grad-cam++": {
    ...{ family: "grad-cam", of: "all", group: "last layers" },
    ...{ title: "Grad-CAM++", formula: "relu(Σ α u)", row: "Grad-CAM++ of MODEL" },
  },
  "centre": {
    ...{ family: "fixed", of: "all", classFree: true, modelFree: true },
    ...{ title: "centre", formula: "exp(−r² / 2σ²)", row: "Centre baseline" },
  },
} as const satisfies Readonly<Record<string, KindOfMap>>;

/** A kind of attribution. */
export type AttributionKind = keyof typeof KINDS;

/** The kinds of a family. */
export type KindFrom<Family extends KindOfMap["family"]> = {
  [Kind in AttributionKind]: (typeof KINDS)[Kind]["family"] extends Family ? Kind : never;
}[AttributionKind];

/** A map of the last layers, of which one forward pass gives those of all classes. */
export type MapKind = KindFrom<"forward">;

/** A method that differentiates the network by its input. */
export type GradientKind = KindFrom<"gradient">;

/** A method that weights feature maps by their gradients. */
export type GradCamKind = KindFrom<"grad-cam">;

/** Every way to attribute a prediction to places. */
export const ATTRIBUTION_KINDS = Object.keys(KINDS) as readonly AttributionKind[];

/** What there is to know of a kind of map. */
export function rowOf(kind: AttributionKind): KindOfMap {
  return KINDS[kind];
}

/** What decides the maps of a model. */
export interface MappedModel {
  /** CAM, or which of CALM. */
  readonly method: Method;
  /** Number of classes; one alone has nothing to be told from. */
  readonly classes: number;
}

/** The kinds of map that a model has, those of some families. */
function kindsFrom<Family extends KindOfMap["family"]>(
  { method, classes }: MappedModel,
  ...families: readonly Family[]
): readonly KindFrom<Family>[] {
  return ATTRIBUTION_KINDS.filter((kind): kind is KindFrom<Family> => {
    const { of, needsOther, family } = rowOf(kind);
    return (families as readonly string[]).includes(family) &&
      (of === "all" || of === method || of === (isCalm(method) ? "calm" : "pooled")) &&
      !(needsOther && classes < 2);
  });
}

/** The maps of a model that need no gradients; the one that stands for all comes first. */
export function ownKinds(model: MappedModel): readonly AttributionKind[] {
  return kindsFrom(model, "forward", "acol");
}

/** The maps that a model gives in one forward pass. */
export function mapKinds(model: MappedModel): readonly MapKind[] {
  return kindsFrom(model, "forward");
}

/** The maps of a model that need gradients: by the last features, then by the picture. */
export function gradientKinds(model: MappedModel): readonly (GradCamKind | GradientKind)[] {
  return [...kindsFrom(model, "grad-cam"), ...kindsFrom(model, "gradient")];
}

/** True for methods that differentiate the network by its input. */
export function isGradientKind(kind: AttributionKind): kind is GradientKind {
  return KINDS[kind].family === "gradient";
}

/** True for maps that take passes through the network for each class. */
export function needsPasses(kind: AttributionKind): kind is Exclude<AttributionKind, MapKind> {
  return KINDS[kind].family !== "forward";
}

/** True for maps that no model made. */
export function isFixedKind(kind: AttributionKind): kind is KindFrom<"fixed"> {
  return KINDS[kind].family === "fixed";
}

/** True for CALM's maps of probabilities, which need no scaling to be compared. */
export function isProbability(method: Method, kind: AttributionKind): boolean {
  return isCalm(method) && rowOf(kind).probability === true;
}

/** True for maps whose values are also negative: drawn in red and blue. */
export function isSigned(kind: AttributionKind): boolean {
  return rowOf(kind).signed === true;
}

/** The map that a model is about: the joint for CALM, for ACoL its own, else the class logits. */
export function ownKind(method: Method): AttributionKind {
  if (method === "acol") return "acol";
  return isCalm(method) ? "joint" : "cam";
}

/** What stands above a map; where methods differ, of CALM unless another one is named. */
export function headingOf(kind: AttributionKind, method: Method = "calm-em") {
  const { title, formula, formulaOfCam } = rowOf(kind);
  return { title, formula: (isCalm(method) ? undefined : formulaOfCam) ?? formula };
}

/** Whether a model has maps of this kind. */
export function hasKind(model: MappedModel, kind: string): kind is AttributionKind {
  return allKinds(model).includes(kind);
}

function allKinds(model: MappedModel): readonly string[] {
  return [...ownKinds(model), ...kindsFrom(model, "gradient", "grad-cam", "fixed")];
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
  const possible = new Set(all.flatMap(allKinds));
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
