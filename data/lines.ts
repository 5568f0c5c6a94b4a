/** Told what is wrong with a list, in one sentence that names the file and line. */
export type Complain = (message: string) => void;

/** A control character of a name, such as "U+0007"; null where it has none. */
export function controlCharacter(name: string): string | null {
  const [found] = name.match(/[\p{Cc}\u2028\u2029]/u) ?? [];
  return found === undefined
    ? null
    : `U+${found.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}

/**
 * The lines that are not empty, with their numbers from 1. ILSVRC's training list has 1.28 million:
 * they are cut off one by one rather than split into an array.
 */
export function forEachLine(text: string, body: (content: string, line: number) => void): void {
  for (let from = 0, line = 1; from < text.length; line++) {
    const newline = text.indexOf("\n", from);
    const end = newline < 0 ? text.length : newline;
    const content = text.slice(from, end).trim();
    if (content !== "") body(content, line);
    from = end + 1;
  }
}
