import { UserError } from "../engine/errors.ts";
import type { Dataset } from "./dataset.ts";

/**
 * Says which classes no training picture has: a network would learn never to name them. Labels that
 * count from 1 leave class 0 without pictures.
 *
 * @param names of all classes
 * @param labels of the training pictures
 * @returns a sentence, or null where every class has one
 */
export function untrainedClasses(
  names: readonly string[],
  labels: Iterable<number>,
): string | null {
  const trained = new Set(labels);
  const without = names.map((name, label) => ({ name, label }))
    .filter(({ label }) => !trained.has(label));
  if (without.length === 0) return null;
  const shown = without.slice(0, 3).map(({ name }) => name).join(", ");
  const rest = without.length > 3 ? ` and ${without.length - 3} more` : "";
  // Classes without a name of their own are known by their labels.
  const least = names[0] === "class 0" ? names.findIndex((_, label) => trained.has(label)) : 0;
  const hint = least > 0 ? `; labels begin at ${least}, expected 0` : "";
  const have = without.length === 1 ? "has" : "have";
  return `${without.length} of ${names.length} classes ${have} no training picture: ` +
    shown + rest + hint;
}

/**
 * Refuses to train on a data set some classes of which have no training picture.
 *
 * @throws {UserError} naming them
 */
export function expectEveryClass({ root, name, classes, train }: Dataset): void {
  const untrained = untrainedClasses(classes, train.labels);
  if (untrained === null) return;
  throw new UserError(
    `${name} in ${root}: ${untrained} (./calm data check ${root} says what else is wrong)`,
  );
}
