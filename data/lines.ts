/** Told what is wrong with a list, in one sentence that names the file and line. */
export type Complain = (message: string) => void;

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
