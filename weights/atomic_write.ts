import { dirname } from "node:path";
import { UserError } from "../engine/errors.ts";

/**
 * Writes a file so that nobody ever finds half of it: into a temporary file beside it, flushed to
 * disk, then renamed over the old one. On failure the temporary file is removed and the old file
 * is as it was.
 *
 * @throws {UserError} when the disk is full or the folder cannot be written to
 */
export async function writeAtomically(
  path: string,
  contents: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<void> {
  const chunks = contents instanceof Uint8Array ? [contents] : contents;
  let written = 0;
  const temporary = `${path}.${Deno.pid}.tmp`;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    const file = await Deno.open(temporary, { write: true, create: true, truncate: true });
    try {
      for await (const bytes of chunks) {
        for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
        written += bytes.length;
      }
      await file.syncData();
    } finally {
      file.close();
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    if (error instanceof UserError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    if (/ENOSPC|os error 28|no space|EDQUOT|os error 122/i.test(reason)) {
      const needed = contents instanceof Uint8Array ? contents.length : `more than ${written}`;
      throw new UserError(
        `The disk is full: ${path} needs ${needed} bytes; nothing was changed`,
      );
    }
    throw new UserError(`${path} could not be written: ${reason}`);
  }
}
