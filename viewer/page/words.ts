import { type AttributionKind, headingOf } from "../../eval/maps/kinds.ts";
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

/** The words for a kind of map of a model: of a class y, whichever it is. */
export function kindWords({ model }: OpenedModel, kind: AttributionKind): KindWords {
  const { title, formula } = headingOf(kind, model.method);
  return {
    name: title[0].toUpperCase() + title.slice(1),
    values: formula.replaceAll("ŷ", "y"),
  };
}
