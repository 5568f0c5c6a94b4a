/**
 * The first key that an object of a JSON text has twice, which `JSON.parse` does not mind; null
 * when there is none.
 *
 * @param json a text that `JSON.parse` reads
 */
export function duplicateKey(json: string): string | null {
  // The keys of each object around the place that is looked at; null for a list.
  const around: (Set<string> | null)[] = [];
  for (let at = 0; at < json.length; at++) {
    const letter = json[at];
    if (letter === "{") around.push(new Set());
    else if (letter === "[") around.push(null);
    else if (letter === "}" || letter === "]") around.pop();
    else if (letter === '"') {
      const start = at;
      for (at++; json[at] !== '"'; at++) if (json[at] === "\\") at++;
      if (!isBeforeColon(json, at + 1)) continue;
      const key: string = JSON.parse(json.slice(start, at + 1));
      const keys = around.at(-1)!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return null;
}

function isBeforeColon(json: string, at: number): boolean {
  while (" \t\r\n".includes(json[at])) at++;
  return json[at] === ":";
}
