import { type Complain, controlCharacter, forEachLine } from "./lines.ts";

/** Labels have at most five digits: more classes than that are a mistake. */
const LABEL = /^\d{1,5}$/;

/**
 * The ids of `image_ids.txt`, a path a line; ids that appear again or have control characters (some
 * are shown as names of classes) are complained of and left out.
 *
 * @param path named in complaints
 */
export function parseIds(text: string, path: string, complain: Complain): string[] {
  const ids = new Set<string>();
  forEachLine(text, (id, line) => {
    const control = controlCharacter(id);
    if (control) {
      complain(
        `${path}:${line}: the id ${JSON.stringify(id)} has the control character ${control}`,
      );
    } else if (ids.has(id)) complain(`${path}:${line}: the id ${id} appears twice`);
    else ids.add(id);
  });
  return [...ids];
}

/**
 * The class of each id, from `class_labels.txt`: `id,label` a line, labels counted from 0. Lines
 * that are not of this form, or of an id that was there, are complained of and left out.
 *
 * @param path named in complaints
 */
export function parseLabels(text: string, path: string, complain: Complain): Map<string, number> {
  const labels = new Map<string, number>();
  forEachLine(text, (content, line) => {
    const comma = content.lastIndexOf(",");
    const [id, label] = [content.slice(0, comma), content.slice(comma + 1)];
    if (comma <= 0 || !LABEL.test(label)) {
      const wanted = 'expected "id,label" with a whole number from 0 to 99999';
      complain(`${path}:${line}: ${wanted}, found "${content}"`);
    } else if (labels.has(id)) complain(`${path}:${line}: the id ${id} appears twice`);
    else labels.set(id, Number(label));
  });
  return labels;
}
