import { classWords } from "../../eval/present/class_words.ts";
import type { OpenedModel } from "../../model/stored/open_model.ts";
import type { MapChoice } from "./examination.ts";
import { className } from "./words.ts";

/** The classes of a model, as far as they are known. */
export interface Classes extends Pick<OpenedModel, "classNames"> {
  readonly options: { readonly classes: number };
}

/**
 * The class of another model that is the same: by its name, or where one of the two has no names by
 * its number, if they have equally many classes.
 *
 * @returns null where there is none, or where it is uncertain which
 */
export function sameClass(from: Classes, label: number, to: Classes): number | null {
  if (!from.classNames || !to.classNames) {
    return from.options.classes === to.options.classes ? label : null;
  }
  const exact = to.classNames.indexOf(from.classNames[label]);
  if (exact >= 0) return exact;
  const words = (name: string) => classWords(name).toLowerCase();
  const wanted = words(from.classNames[label]);
  const found = [...to.classNames.keys()].filter((at) => words(to.classNames![at]) === wanted);
  return found.length === 1 ? found[0] : null;
}

/**
 * The same choice for another model.
 *
 * @returns a sentence where a class that it needs is missing there
 */
export function sameChoice(
  from: Classes,
  choice: MapChoice,
  to: Classes,
  name: string,
): MapChoice | string {
  const { kind, label, against, superset } = choice;
  const needed = kind === "subset"
    ? superset
    : kind === "counterfactual"
    ? [label, against]
    : [label];
  const missing = needed.find((y) => sameClass(from, y, to) === null);
  if (missing !== undefined) {
    return from.classNames && to.classNames
      ? `${name} has no class ${className(from, missing)}.`
      : `The class ${className(from, missing)} cannot be found in ${name}: one of the two models ` +
        `has no names of classes, and they have ${from.options.classes} and ` +
        `${to.options.classes} of them.`;
  }
  const there = (y: number) => sameClass(from, y, to) ?? 0;
  return {
    kind,
    label: there(label),
    against: there(against),
    superset: superset.filter((y) => sameClass(from, y, to) !== null).map(there),
  };
}
