import { type CommandSpec, COMMON } from "./options.ts";

/** Columns of the help. */
const COLUMNS = 80;
/** The names of longer options stand on a line of their own. */
const LONGEST_BESIDE = 26;

/** The help of a command. */
export function helpText(
  { name, summary, topics = {}, options, examples = [], positionals }: CommandSpec,
): string {
  const named = Object.entries(topics);
  const rows = Object.entries({ ...options, ...COMMON }).map(([option, spec]) => {
    const value = spec.type === "flag" ? "" : ` ${spec.value ?? spec.choices?.join("|") ?? "N"}`;
    const fallback = spec.default === undefined ? "" : ` (default ${spec.default})`;
    const no = spec.negatable ? "[no-]" : "";
    return [`--${no}${option}${value}`, spec.help + fallback] as const;
  });
  const usage = [`./calm ${name}`, ...(positionals ?? []).map((p) => `[${p}]`), "[options]"];
  return [
    ...wrap(summary, COLUMNS),
    ...table(named),
    "",
    `Usage: ${usage.join(" ")}`,
    "",
    "Options:",
    ...table(rows),
    ...(examples.length > 0 ? ["", "Examples:", ...examples.map((line) => `  ${line}`)] : []),
  ].join("\n");
}

/** Names, and beside them what there is to say of them. */
function table(rows: readonly (readonly [name: string, text: string])[]): string[] {
  const width = Math.min(LONGEST_BESIDE, Math.max(...rows.map(([name]) => name.length)) + 2);
  const indent = (line: string) => " ".repeat(width) + line;
  return rows.flatMap(([name, text]) => {
    const [first, ...more] = wrap(text, COLUMNS - width - 2);
    const beside = name.length < width ? [name.padEnd(width) + first] : [name, indent(first)];
    return [...beside, ...more.map(indent)].map((line) => `  ${line}`);
  });
}

/** The words of a text in lines of at most so many letters; longer words have a line of their own. */
function wrap(text: string, most: number): string[] {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1)!;
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= most) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
