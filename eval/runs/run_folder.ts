import { dirname, join, resolve } from "node:path";
import { exists } from "../../data/files.ts";
import { UserError } from "../../engine/errors.ts";
import { reasonOf } from "../../engine/reason.ts";
import { CHECKPOINT } from "../../model/stored/run_files.ts";
import { shellWord } from "../present/report/shell.ts";
import { openLocked } from "../../weights/locked_file.ts";
import { removeAtExit } from "../../weights/remove_at_exit.ts";

/** Says who trains in a folder; locked for as long as that program lives. */
const LOCK = "running.lock";

/** The folder of a run, which no other run writes to until it is let go of. */
export interface RunFolder {
  readonly path: string;
  /** Lets go of it; folders that were made for the run and hold nothing are removed. */
  release(): Promise<void>;
}

/**
 * Takes the folder of a checkpoint that is gone on from.
 *
 * @throws {UserError} when there is none, or another program trains there
 */
export async function takeRunFolder(checkpoint: string): Promise<RunFolder> {
  if (!await exists(checkpoint)) {
    throw new UserError(`The checkpoint ${checkpoint} cannot be read: there is no such file`);
  }
  const path = resolve(checkpoint, "..");
  const folder = await take(path);
  if (folder) return folder;
  throw new UserError(`${path} is in use by another run${await owner(path)}: wait for its end`);
}

/**
 * Takes a folder for a new run: the one that was asked for, or the first free one of `runs/NAME`,
 * `runs/NAME-2`, …
 *
 * @throws {UserError} when the one that was asked for is in use or has a checkpoint
 */
export async function takeNewRunFolder(
  wanted: string | undefined,
  name: string,
): Promise<RunFolder> {
  if (wanted !== undefined) return await takeWanted(wanted);
  for (let n = 1;; n++) {
    const folder = await takeUnused(join("runs", n === 1 ? name : `${name}-${n}`));
    if (folder) return folder;
  }
}

async function takeWanted(wanted: string): Promise<RunFolder> {
  const folder = await takeUnused(wanted);
  if (folder) return folder;
  if (await exists(join(wanted, CHECKPOINT))) {
    throw new UserError(
      `${wanted} already holds a checkpoint: go on from it with --resume ${
        shellWord(wanted)
      }, or choose ` +
        `another --out`,
    );
  }
  throw new UserError(
    `${wanted} is in use by another run${await owner(wanted)}: choose another --out`,
  );
}

/** Null for a folder that is in use or has a checkpoint. */
async function takeUnused(path: string): Promise<RunFolder | null> {
  const used = () => exists(join(path, CHECKPOINT));
  if (await used()) return null;
  const folder = await take(path);
  // A run may have come to its end in between.
  if (!folder || !await used()) return folder;
  await folder.release();
  return null;
}

async function take(path: string): Promise<RunFolder | null> {
  const lockPath = join(path, LOCK);
  const made = await missingFolders(path);
  let lock: Deno.FsFile | null;
  try {
    await Deno.mkdir(path, { recursive: true });
    lock = await openLocked(lockPath);
    if (!lock) return null;
    const text = JSON.stringify({ pid: Deno.pid, host: host(), since: new Date().toISOString() });
    await lock.truncate();
    await lock.write(new TextEncoder().encode(text + "\n"));
  } catch (error) {
    throw new UserError(`${path} cannot be written to: ${reasonOf(error)}`, { cause: error });
  }
  const forget = removeAtExit(lockPath);
  return {
    path,
    async release() {
      forget();
      await Deno.remove(lockPath).catch(() => {});
      lock.close();
      // They are not empty, as a rule.
      for (const folder of made) await Deno.remove(folder).catch(() => {});
    },
  };
}

/** A folder and those above it, as far as they are not there; the innermost first. */
async function missingFolders(path: string): Promise<string[]> {
  const missing = [];
  for (let folder = resolve(path); !await exists(folder); folder = dirname(folder)) {
    missing.push(folder);
  }
  return missing;
}

/** ` (process 123 on HOST since …)`, where that can be read. */
async function owner(path: string): Promise<string> {
  try {
    const { pid, host, since } = JSON.parse(await Deno.readTextFile(join(path, LOCK)));
    const place = host ? ` on ${host}` : "";
    return ` (process ${Number(pid)}${place} since ${String(since).slice(0, 19)}Z)`;
  } catch {
    return "";
  }
}

/** This machine's name, where this program may ask for it. */
function host(): string | undefined {
  try {
    return Deno.hostname();
  } catch {
    return undefined;
  }
}
