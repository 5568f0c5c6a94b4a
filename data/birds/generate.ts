import { basename, dirname, join, resolve } from "node:path";
import { Interrupted, UserError } from "../../engine/errors.ts";
import { reasonOf } from "../../engine/reason.ts";
import { openLocked } from "../../weights/locked_file.ts";
import { removeAtExit } from "../../weights/remove_at_exit.ts";
import { exists } from "../files.ts";
import { type Annotation, makeFolders, pictureStem, writeAnnotations } from "./layout.ts";
import { drawAll } from "./pool.ts";
import {
  BIRDS_RECORD,
  decide,
  type Decisions,
  entriesOf,
  expectInteger,
  recordOf,
  requestFor,
} from "./record.ts";
import { designSpecies } from "./species.ts";

/** What to generate; the decisions decide the files, the rest does not. */
export interface BirdsOptions extends Partial<Decisions> {
  /** Threads to draw with (default: one per processor core, at most 8). */
  workers?: number;
  /** Called after each picture with how many are done and how many there are in all. */
  onProgress?: (done: number, total: number) => void;
  /** Aborts the generation, which then leaves no files behind. */
  signal?: AbortSignal;
}

// More would spend their time on starting, and each one holds some 50 MB.
const MOST_THREADS = 8;

const CONTENTS = [
  BIRDS_RECORD,
  "attributes",
  "bounding_boxes.txt",
  "classes.txt",
  "image_class_labels.txt",
  "images",
  "images.txt",
  "parts",
  "segmentations",
  "train_test_split.txt",
];

/**
 * Writes a data set of drawn birds in the layout of CUB-200-2011: pictures, classes, split,
 * bounding boxes, parts, attributes and segmentations.
 *
 * The same options give the same bytes. The files appear under the final name only when all of
 * them are there; on failure nothing is left behind. Where the directory already holds the data
 * set of these options nothing is done; a birds data set of other options is replaced.
 *
 * @param directory where to; its parents are created.
 * @returns the number of pictures.
 * Two programs that draw the same directory do so one after the other, and what a killed one left
 * is removed.
 *
 * @throws {UserError} for an option out of range, and where the directory holds anything else or
 * cannot be written.
 * @throws {Interrupted} when the signal stopped it.
 */
export async function generateBirds(
  directory: string,
  options: BirdsOptions = {},
): Promise<{ images: number }> {
  if (options.workers !== undefined) expectInteger("workers", options.workers, 1, 256);
  const recorded = decide(options);
  const { classes, trainPerClass, testPerClass } = recorded;
  const target = resolve(directory);
  const record = recordOf(recorded);
  const images = classes * (trainPerClass + testPerClass);
  const draw = async () => {
    const present = await inspect(target, directory);
    if (present?.trim() === record) return;
    if (present !== undefined) await refuseForeign(target, directory);
    const temporary = temporaryFor(target);
    const forget = removeAtExit(temporary);
    try {
      await Deno.mkdir(temporary);
      await write(temporary, recorded, options);
      await Deno.writeTextFile(join(temporary, BIRDS_RECORD), record + "\n");
      if (present === undefined) await Deno.rename(temporary, target);
      else await exchange(temporary, target);
    } catch (error) {
      // The first error is the one to report.
      await Deno.remove(temporary, { recursive: true }).catch(() => {});
      if (!options.signal?.aborted) throw error;
      throw new Interrupted(
        `Stopped before the birds were drawn; nothing was left in ${directory}`,
      );
    } finally {
      forget();
    }
  };
  try {
    if ((await inspect(target, directory))?.trim() !== record) await asOnlyOne(target, draw);
  } catch (error) {
    // Errors of the operating system have a code: the disk is full, or the folder is read-only.
    const { code } = error as { readonly code?: unknown };
    const refused = typeof code === "string" || error instanceof Deno.errors.NotCapable;
    if (!refused) throw error;
    throw new UserError(`The birds cannot be drawn into ${directory}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  return { images };
}

/** Where a data set is drawn before it gets its name. */
function temporaryFor(target: string): string {
  return join(dirname(target), `.${basename(target)}.drawing`);
}

/** Runs `draw` while nobody else draws there, after removing what a killed program left. */
async function asOnlyOne(target: string, draw: () => Promise<void>): Promise<void> {
  await Deno.mkdir(dirname(target), { recursive: true });
  const temporary = temporaryFor(target);
  const lockPath = `${temporary}.lock`;
  const lock = (await openLocked(lockPath, { wait: true }))!;
  const forget = removeAtExit(lockPath);
  try {
    await recover(temporary, target);
    await draw();
  } finally {
    await Deno.remove(lockPath).catch(() => {});
    lock.close();
    forget();
  }
}

/** A program that was killed while it replaced a data set may have left only the old one. */
async function recover(temporary: string, target: string): Promise<void> {
  const old = `${temporary}-old`;
  if (await exists(old) && !await exists(target)) await Deno.rename(old, target);
  for (const path of [temporary, old]) {
    if (await exists(path)) await Deno.remove(path, { recursive: true });
  }
}

/** Puts the new directory in the old one's place; the old one is deleted last. */
async function exchange(temporary: string, target: string): Promise<void> {
  const old = `${temporary}-old`;
  await Deno.rename(target, old);
  try {
    await Deno.rename(temporary, target);
  } catch (error) {
    await Deno.rename(old, target);
    throw error;
  }
  await Deno.remove(old, { recursive: true });
}

async function write(root: string, recorded: Decisions, options: BirdsOptions): Promise<void> {
  const species = designSpecies(recorded.classes);
  const entries = entriesOf(recorded);
  const requests = entries.map((entry) => requestFor(recorded, species, entry));
  await makeFolders(root, species);
  const annotations: Annotation[] = [];
  let done = 0;
  const workers = options.workers ?? Math.min(navigator.hardwareConcurrency, MOST_THREADS);
  await drawAll(requests, workers, async (index, { jpeg, mask, box, parts }) => {
    const stem = pictureStem(species, entries[index], index + 1);
    annotations[index] = { box, parts };
    await Promise.all([
      Deno.writeFile(join(root, "images", `${stem}.jpg`), jpeg),
      Deno.writeFile(join(root, "segmentations", `${stem}.png`), mask),
    ]);
    options.onProgress?.(++done, requests.length);
  }, options.signal);
  await writeAnnotations(root, species, entries, annotations);
}

/**
 * The record of the birds data set in a directory, "" for an empty directory, undefined if there
 * is none.
 *
 * @throws {UserError} where the directory holds anything else.
 */
async function inspect(target: string, shown: string): Promise<string | undefined> {
  let names: string[];
  try {
    names = (await Array.fromAsync(Deno.readDir(target))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotADirectory) {
      throw new UserError(
        `${shown}, or what it lies in, is a file; expected a directory for the birds data set`,
      );
    }
    throw error;
  }
  if (names.length === 0) return "";
  if (!names.includes(BIRDS_RECORD)) {
    throw new UserError(
      `${shown} exists and is not a birds data set (it has no ${BIRDS_RECORD}); expected a new or empty ` +
        `directory`,
    );
  }
  return await Deno.readTextFile(join(target, BIRDS_RECORD));
}

/** Refuses to replace a data set together with files that someone else put beside it. */
async function refuseForeign(target: string, shown: string): Promise<void> {
  for await (const { name } of Deno.readDir(target)) {
    if (CONTENTS.includes(name)) continue;
    throw new UserError(
      `${shown} holds a birds data set of other options and ${name}, which is not part of it; ` +
        `expected nothing that would be lost when the data set is replaced`,
    );
  }
}
