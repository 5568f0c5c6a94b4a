import { type Complain, forEachLine } from "./lines.ts";

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
