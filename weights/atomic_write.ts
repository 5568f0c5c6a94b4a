import { basename, dirname, join } from "node:path";
import { UserError } from "../engine/errors.ts";
import { reasonOf } from "../engine/reason.ts";
import { isAbandoned, openLocked } from "./locked_file.ts";
import { removeAtExit } from "./remove_at_exit.ts";

/**
 * Writes a file so that nobody ever finds half of it: into a temporary file beside it, flushed to
 * disk, then renamed over the old one. On failure the temporary file is removed and the old file
 * is as it was. What a killed program left of the same file is removed first.
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
  const forget = removeAtExit(temporary);
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await removeAbandoned(path);
    // The lock says that its writer lives.
    const file = (await openLocked(temporary, { wait: true }))!;
    try {
      if ((await file.stat()).size > 0) await file.truncate();
      for await (const bytes of chunks) {
        for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
        written += bytes.length;
      }
      await file.syncData();
      await Deno.rename(temporary, path);
    } finally {
      file.close();
    }
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
    throw new UserError(`${path} could not be written: ${reasonOf(error)}`, { cause: error });
  } finally {
    forget();
  }
}

/** By folder, the temporary files that were there when the first file was written to it. */
const found = new Map<string, Promise<string[]>>();

async function removeAbandoned(path: string): Promise<void> {
  const folder = dirname(path);
  if (!found.has(folder)) found.set(folder, temporaryFilesIn(folder));
  const own = `${basename(path)}.`;
  for (const name of await found.get(folder)!) {
    const isOwn = name.startsWith(own) && /^\d+\.tmp$/.test(name.slice(own.length));
    if (isOwn && await isAbandoned(join(folder, name))) {
      await Deno.remove(join(folder, name)).catch(() => {});
    }
  }
}

async function temporaryFilesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (isFile && name.endsWith(".tmp")) names.push(name);
    }
  } catch {
    // A folder may be writable without being readable.
  }
  return names;
}
