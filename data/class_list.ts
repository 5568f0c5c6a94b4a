import { UserError } from "../engine/errors.ts";
import { reasonOf } from "../engine/reason.ts";
import { shown } from "../weights/shown.ts";
import { isPrintable } from "./class_names.ts";

/**
 * Reads the names of classes in the order of their labels: one a line, or `1 name`, `2 name`, … as
 * in CUB's classes.txt.
 *
 * @throws {UserError} when the file cannot be read, is empty, or a name cannot be shown
 */
export function readClassNames(path: string): string[] {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    throw new UserError(`The class names ${path} cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/).map((line) => line.trim());
  while (lines.at(-1) === "") lines.pop();
  if (lines.length === 0) {
    throw new UserError(`${path} holds no names of classes, expected one a line`);
  }
  const numbered = lines.map((line) => /^(\d+)[ \t]+(.+)$/.exec(line));
  const byNumber = new Map(numbered.map((match) => [Number(match?.[1]), match?.[2] ?? ""]));
  const isNumbered = lines.every((_, label) => byNumber.has(label + 1));
  const names = isNumbered ? lines.map((_, label) => byNumber.get(label + 1)!) : lines;
  names.forEach((name, label) => {
    if (name !== "" && isPrintable(name)) return;
    throw new UserError(
      `${path}:${label + 1} is ${shown(name)}, expected the name of a class without control ` +
        "characters",
    );
  });
  return names;
}
