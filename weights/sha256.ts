import { createHash } from "node:crypto";
import { openFile } from "./byte_source.ts";

/** Bytes read at once. */
const PIECE = 2 ** 22;

/**
 * A file's SHA-256 in hexadecimal digits.
 *
 * @throws {UserError} when it cannot be read
 */
export async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  const source = await openFile(path);
  try {
    for (let at = 0; at < source.size; at += PIECE) {
      hash.update(await source.read(at, Math.min(PIECE, source.size - at)));
    }
  } finally {
    source.close();
  }
  return hash.digest("hex");
}
