/**
 * Any value of a file in a message: short, on one line, without what a terminal obeys. Containers
 * are only counted, for a file of some hundred bytes can nest them so that their text has no end.
 */
export function shown(value: unknown, most = 60): string {
  if (typeof value === "string") return `"${printable(value, most)}"`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Map) return `a dictionary of ${value.size}`;
  if (value === undefined) return "nothing";
  if (value === null || typeof value !== "object") return String(value).slice(0, most);
  const { name } = value.constructor ?? {};
  return name && name !== "Object" ? `a ${name}` : "an object";
}

/** Some names of a file in a message, and whether there are more. */
export function listed(names: Iterable<string>, most = 8): string {
  const all = [...names];
  return all.slice(0, most).map((name) => printable(name, 60)).join(", ") +
    (all.length > most ? `, … (${all.length})` : "");
}

/** A name or text of a file as it may be printed: control characters become `?`. */
export function printable(text: string, most = 200): string {
  const short = text.length > most ? `${text.slice(0, most)}…` : text;
  // deno-lint-ignore no-control-regex
  return short.replace(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, "?");
}
