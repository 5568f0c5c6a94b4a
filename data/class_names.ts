import { UserError } from "../engine/errors.ts";
import { shown } from "../weights/shown.ts";

/** Classes without training pictures have no names in wsolevaluation's layout: `class 7`. */
const NAMELESS = /^class \d+$/;

/** Characters that a terminal obeys, that begin lines, or that turn the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u;

/** Whether a class's name may be shown as it is. */
export function isPrintable(name: string): boolean {
  return !UNPRINTABLE.test(name);
}

/**
 * Refuses to train on classes whose names could not be shown.
 *
 * @throws {UserError} naming the first
 */
export function expectPrintable({ root, classes }: { root: string; classes: readonly string[] }) {
  const label = classes.findIndex((name) => !isPrintable(name));
  if (label < 0) return;
  throw new UserError(
    `${root}: class ${label} is called ${shown(classes[label])}, expected a name without control ` +
      "characters",
  );
}

/**
 * Compares the classes that a model was trained with and those of a data set: the same number of them
 * in another order would be measured as if it were the same order.
 *
 * @param model its file, and the names in it, if any
 * @throws {UserError} when they differ, naming the first difference
 */
export function expectSameClasses(
  { path, classes, classNames }: {
    readonly path: string;
    readonly classes: number;
    readonly classNames: readonly string[] | null;
  },
  dataset: { readonly root: string; readonly classes: readonly string[] },
): void {
  if (dataset.classes.length !== classes) {
    throw new UserError(
      `${path} knows ${classes} classes, but ${dataset.root} has ${dataset.classes.length}`,
    );
  }
  const differing = (classNames ?? []).flatMap((name, label) => {
    const other = dataset.classes[label];
    return name === other || NAMELESS.test(name) || NAMELESS.test(other) ? [] : [label];
  });
  if (differing.length === 0) return;
  const [first] = differing;
  throw new UserError(
    `${path} was trained with other classes than ${dataset.root} has, or with the same in another ` +
      `order: class ${first} is "${classNames![first]}" there and "${
        dataset.classes[first]
      }" here ` +
      `(${differing.length} of ${classes} differ)`,
  );
}
