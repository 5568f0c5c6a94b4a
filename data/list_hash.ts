import { createHash } from "node:crypto";
import type { Dataset, Split } from "./dataset.ts";

/** Lines that are hashed at once. */
const LINES = 4096;

/**
 * SHA-256 of what a data set lists for training and testing: names and labels of the pictures in
 * their order, as hexadecimal digits. The pictures themselves are not read.
 */
export function listHash({ train, test }: Pick<Dataset, "train" | "test">): string {
  const hash = createHash("sha256");
  for (const { name, ids, labels } of [train, test] as readonly Split[]) {
    hash.update(`${name} ${ids.length}\n`);
    for (let from = 0; from < ids.length; from += LINES) {
      const lines = ids.slice(from, from + LINES)
        .map((id, i) => `${JSON.stringify(id)} ${labels[from + i]}\n`);
      hash.update(lines.join(""));
    }
  }
  return hash.digest("hex");
}
