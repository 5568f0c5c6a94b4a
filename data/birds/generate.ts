import { basename, dirname, join, resolve } from "node:path";
import { Interrupted, UserError } from "../../engine/errors.ts";
import { reasonOf } from "../../engine/reason.ts";
import { openLocked } from "../../weights/locked_file.ts";
import { removeAtExit } from "../../weights/remove_at_exit.ts";
import { exists } from "../files.ts";
import {
  type Annotation,
  type Entry,
  makeFolders,
  pictureStem,
  writeAnnotations,
} from "./layout.ts";
import type { PictureRequest } from "./picture.ts";
import { drawAll } from "./pool.ts";
import { designSpecies, MOST_SPECIES } from "./species.ts";

/** Raised whenever the same options give other files than before. */
export const GENERATOR_VERSION = 1;

/** What to generate. Everything but `workers`, `onProgress` and `signal` decides the files. */
export interface BirdsOptions {
  /** Number of species, 2 … 200 (default 12). */
  classes?: number;
  /** Training pictures of each species (default 60). */
  trainPerClass?: number;
  /** Test pictures of each species (default 20). */
  testPerClass?: number;
  /** Long side of the pictures in pixels, 32 … 1024 (default 128). */
  size?: number;
  /** Decides the pictures, not the species (default 0). */
  seed?: number;
  /** Threads to draw with (default: one per processor core, at most 8). */
  workers?: number;
  /** Probability that a picture's surroundings are those of its class, 0 … 1 (default 0). */
  backgroundCorrelation?: number;
  /** Share of the training pictures whose bird lacks one to three parts, 0 … 1 (default 0). */
  dropParts?: number;
  /** Called after each picture with how many are done and how many there are in all. */
  onProgress?: (done: number, total: number) => void;
  /** Aborts the generation, which then leaves no files behind. */
  signal?: AbortSignal;
}

type Recorded = Required<Omit<BirdsOptions, "workers" | "onProgress" | "signal">>;

// More would spend their time on starting, and each one holds some 50 MB.
const MOST_THREADS = 8;

/** Says with which options a folder of birds was drawn. */
export const BIRDS_RECORD = "birds.json";
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
  const recorded = validate(options);
  const { classes, trainPerClass, testPerClass } = recorded;
  const target = resolve(directory);
  const record = JSON.stringify(
    { generator: "birds", version: GENERATOR_VERSION, options: recorded },
    null,
    2,
  );
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

async function write(root: string, recorded: Recorded, options: BirdsOptions): Promise<void> {
  const { classes, trainPerClass, testPerClass, size, seed } = recorded;
  const species = designSpecies(classes);
  const entries: Entry[] = [];
  for (let classIndex = 0; classIndex < classes; classIndex++) {
    for (let pictureIndex = 0; pictureIndex < trainPerClass + testPerClass; pictureIndex++) {
      entries.push({ classIndex, pictureIndex, training: pictureIndex < trainPerClass });
    }
  }
  const requests = entries.map(({ classIndex, pictureIndex, training }): PictureRequest => ({
    appearance: species[classIndex].appearance,
    seed,
    classIndex,
    pictureIndex,
    size,
    backgroundCorrelation: recorded.backgroundCorrelation,
    dropParts: training ? recorded.dropParts : 0,
  }));
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

function validate(options: BirdsOptions): Recorded {
  const integer = (name: keyof BirdsOptions, value: number, low: number, high: number) => {
    if (Number.isInteger(value) && value >= low && value <= high) return value;
    throw new UserError(`Option ${name} is ${value}; expected an integer from ${low} to ${high}`);
  };
  const share = (name: keyof BirdsOptions, value: number) => {
    if (value >= 0 && value <= 1) return value;
    throw new UserError(`Option ${name} is ${value}; expected a number from 0 to 1`);
  };
  if (options.workers !== undefined) integer("workers", options.workers, 1, 256);
  return {
    classes: integer("classes", options.classes ?? 12, 2, MOST_SPECIES),
    trainPerClass: integer("trainPerClass", options.trainPerClass ?? 60, 1, 100_000),
    testPerClass: integer("testPerClass", options.testPerClass ?? 20, 1, 100_000),
    size: integer("size", options.size ?? 128, 32, 1024),
    seed: integer("seed", options.seed ?? 0, 0, Number.MAX_SAFE_INTEGER),
    backgroundCorrelation: share("backgroundCorrelation", options.backgroundCorrelation ?? 0),
    dropParts: share("dropParts", options.dropParts ?? 0),
  };
}
