import { join } from "node:path";
import { UserError } from "../../engine/errors.ts";
import { exists, readText } from "../files.ts";
import { type Entry, pictureStem } from "./layout.ts";
import type { Species } from "./parts.ts";
import type { PictureRequest } from "./scene.ts";
import { designSpecies, MOST_SPECIES } from "./species.ts";

/** Raised whenever the same options give other files than before. */
const GENERATOR_VERSION = 1;

/** Says with which options a folder of birds was drawn. */
export const BIRDS_RECORD = "birds.json";

/** Everything that decides a folder of birds. */
export interface Decisions {
  /** Number of species, 2 … 200 (default 12). */
  classes: number;
  /** Training pictures of each species (default 60). */
  trainPerClass: number;
  /** Test pictures of each species (default 20). */
  testPerClass: number;
  /** Long side of the pictures in pixels, 32 … 1024 (default 128). */
  size: number;
  /** Decides the pictures, not the species (default 0). */
  seed: number;
  /** Probability that a picture's surroundings are those of its class, 0 … 1 (default 0). */
  backgroundCorrelation: number;
  /** Share of the training pictures whose bird lacks one to three parts, 0 … 1 (default 0). */
  dropParts: number;
}

/**
 * The options with the defaults of those that are missing.
 *
 * @throws {UserError} for one out of range
 */
export function decide(options: Partial<Decisions>): Decisions {
  const share = (name: string, value: number) => {
    if (value >= 0 && value <= 1) return value;
    throw new UserError(`Option ${name} is ${value}; expected a number from 0 to 1`);
  };
  return {
    classes: expectInteger("classes", options.classes ?? 12, 2, MOST_SPECIES),
    trainPerClass: expectInteger("trainPerClass", options.trainPerClass ?? 60, 1, 100_000),
    testPerClass: expectInteger("testPerClass", options.testPerClass ?? 20, 1, 100_000),
    size: expectInteger("size", options.size ?? 128, 32, 1024),
    seed: expectInteger("seed", options.seed ?? 0, 0, Number.MAX_SAFE_INTEGER),
    backgroundCorrelation: share("backgroundCorrelation", options.backgroundCorrelation ?? 0),
    dropParts: share("dropParts", options.dropParts ?? 0),
  };
}

/** @throws {UserError} for a value out of range */
export function expectInteger(name: string, value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new UserError(`Option ${name} is ${value}; expected an integer from ${low} to ${high}`);
}

/** What `birds.json` holds, but for the line's end. */
export function recordOf(options: Decisions): string {
  return JSON.stringify({ generator: "birds", version: GENERATOR_VERSION, options }, null, 2);
}

/** All pictures in the order of their ids 1 … n. */
export function entriesOf({ classes, trainPerClass, testPerClass }: Decisions): Entry[] {
  const perClass = trainPerClass + testPerClass;
  return Array.from({ length: classes * perClass }, (_, i) => {
    const pictureIndex = i % perClass;
    const training = pictureIndex < trainPerClass;
    return { classIndex: Math.floor(i / perClass), pictureIndex, training };
  });
}

/** What to draw for an entry. Test pictures are whole whatever the training pictures lack. */
export function requestFor(
  { seed, size, backgroundCorrelation, dropParts }: Decisions,
  species: readonly Species[],
  { classIndex, pictureIndex, training }: Entry,
): PictureRequest {
  const { appearance } = species[classIndex];
  const own = { seed, classIndex, pictureIndex, size, backgroundCorrelation };
  return { appearance, ...own, dropParts: training ? dropParts : 0 };
}

/** How a folder of birds was drawn. */
export interface Drawing {
  readonly species: readonly Species[];
  /** What drew a picture, by its path below `images`, as in `images.txt`. */
  readonly requests: ReadonlyMap<string, PictureRequest>;
}

/**
 * Finds out how a folder of birds was drawn, from the record that it holds.
 *
 * @throws {UserError} where it holds none, or that of another version
 */
export async function readDrawing(root: string): Promise<Drawing> {
  const path = join(root, BIRDS_RECORD);
  const again = "./calm data birds DIR draws birds that can be drawn again";
  if (!await exists(path)) {
    throw new UserError(
      `${root} has no ${BIRDS_RECORD}, which says how its pictures were drawn: ${again}`,
    );
  }
  const text = (await readText(path)).trim();
  let decisions: Decisions | null;
  try {
    decisions = decide(JSON.parse(text).options);
  } catch {
    decisions = null;
  }
  // What is drawn follows from the options of this version and from nothing else.
  if (!decisions || recordOf(decisions) !== text) {
    throw new UserError(
      `${path} is not a record of version ${GENERATOR_VERSION} of the birds: ${again}`,
    );
  }
  const species = designSpecies(decisions.classes);
  const requests = entriesOf(decisions).map((entry, i) =>
    [`${pictureStem(species, entry, i + 1)}.jpg`, requestFor(decisions, species, entry)] as const
  );
  return { species, requests: new Map(requests) };
}
