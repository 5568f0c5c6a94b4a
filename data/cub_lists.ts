import { type Complain, controlCharacter, forEachLine } from "./lines.ts";

/** The lists that classification needs; the other annotations are read by who uses them. */
export const CUB_LISTS = [
  "images.txt",
  "image_class_labels.txt",
  "train_test_split.txt",
  "classes.txt",
];

/** A list file of CUB-200-2011: `id value` lines. */
export class Pairs {
  readonly values = new Map<string, string>();
  readonly #lines = new Map<string, number>();

  /**
   * @param path named in messages
   * @param complain told of lines that are not of this form or repeat an id; they are left out
   */
  constructor(readonly path: string, text: string, complain: Complain) {
    forEachLine(text, (content, line) => {
      const [, id, value] = /^(\d+)[ \t]+(.+)$/.exec(content) ?? [];
      if (id === undefined) complain(`${path}:${line}: expected "id value", found "${content}"`);
      else if (this.values.has(id)) complain(`${path}:${line}: id ${id} appears twice`);
      else {
        this.values.set(id, value);
        this.#lines.set(id, line);
      }
    });
  }

  /** File and line of an id. */
  place(id: string): string {
    return `${this.path}:${this.#lines.get(id)}`;
  }
}

/**
 * Complains of class names that are none: those with control characters, which terminals and reports
 * would obey, and those that several classes have.
 */
export function checkClassNames(classes: Pairs, complain: Complain): void {
  const places = new Map<string, string>();
  for (const [id, name] of classes.values) {
    const place = classes.place(id);
    const control = controlCharacter(name);
    const known = places.get(name);
    if (control) {
      complain(
        `${place}: the class name ${JSON.stringify(name)} has the control character ${control}`,
      );
    } else if (known) {
      complain(`${place}: the class name "${name}" appears twice, first at ${known}`);
    } else places.set(name, place);
  }
}
