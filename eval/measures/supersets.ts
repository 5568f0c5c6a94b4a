import { exists } from "../../data/files.ts";
import { ancestors, readWordnet, type Wordnet } from "../../data/wordnet.ts";
import { WORDNET_ROOTS, type WordnetRoot } from "../../data/wordnet_roots.ts";
import { UserError } from "../../engine/errors.ts";
import { readGroups } from "./superset_file.ts";

/**
 * The superset Y of a class (paper, section 5.4): the classes whose objects have the same parts, so
 * that a map of the whole object is the sum over them. Class indices in ascending order; the class
 * itself is always among them.
 */
export type Supersets = (label: number) => readonly number[];

/** Every class has all classes: CUB's are all birds. */
export function allClasses(count: number): Supersets {
  const all = Array.from({ length: count }, (_, i) => i);
  return () => all;
}

/** Every class has itself alone: OpenImages' have nothing in common. */
export function ownClass(): Supersets {
  return (label) => [label];
}

/**
 * The rule of a data set that the paper names, or its own class for other data sets.
 *
 * @param dataset name as in `--dataset`
 * @throws {UserError} for ILSVRC, whose supersets come from a file
 */
export function supersetsFor(dataset: string, classCount: number): Supersets {
  if (dataset === "cub" || dataset === "birds") return allClasses(classCount);
  if (dataset !== "ilsvrc") return ownClass();
  throw new UserError(
    "ilsvrc needs --supersets FILE|DIR: a supersets.json, or a folder with words.txt and " +
      "wordnet.is_a.txt of ImageNet or data.noun of WordNet 3.0",
  );
}

/**
 * Supersets of a file of one's own (see `readSupersets`), or by our table of roots from a folder
 * that `readWordnet` reads.
 *
 * @throws {UserError} when it is missing or malformed, or does not fit the classes
 */
export async function openSupersets(
  path: string,
  classNames: readonly string[],
): Promise<Supersets> {
  if (path.endsWith(".json")) return await readSupersets(path, classNames);
  if (!await exists(path)) {
    throw new UserError(
      `${path} does not exist, expected a .json file of supersets or a folder of WordNet`,
    );
  }
  return wordnetSupersets(await readWordnet(path), classNames, WORDNET_ROOTS);
}

/**
 * Reads supersets from a JSON file: `[["wren", "finch"], [4, 5]]` or `{"small": ["wren", "finch"]}`.
 * Members are names of classes or their indices from 0; a class in no group has itself alone.
 *
 * @throws {UserError} when the file is malformed, names no class, or has a class in two groups
 */
export async function readSupersets(
  path: string,
  classNames: readonly string[],
): Promise<Supersets> {
  const groups = await readGroups(path, classNames);
  return fromGroups([...groups.values()]);
}

/**
 * Supersets by WordNet: all classes below the same root. Of nested roots the lowest counts; a class
 * with several parents that is below several separate roots belongs to the one that is first in the
 * table; a class below none has itself alone.
 *
 * @param classNames synset ids
 * @throws {UserError} when a class is no synset of this WordNet
 */
export function wordnetSupersets(
  wordnet: Wordnet,
  classNames: readonly string[],
  roots: readonly WordnetRoot[],
): Supersets {
  const above = new Map(roots.map(({ id }) => [id, ancestors(wordnet, id)]));
  const members = new Map<string, number[]>(roots.map(({ id }) => [id, []]));
  for (const [label, name] of classNames.entries()) {
    if (!wordnet.words.has(name)) {
      throw new UserError(
        `Class ${label} is called "${name}", expected a synset of ${wordnet.folder} such as ` +
          "n02084071",
      );
    }
    const own = ancestors(wordnet, name);
    const hit = roots.filter(({ id }) => own.has(id));
    const lowest = hit.find(({ id }) =>
      !hit.some((other) => other.id !== id && above.get(other.id)!.has(id))
    );
    if (lowest) members.get(lowest.id)!.push(label);
  }
  return fromGroups([...members.values()]);
}

/** @param groups sorted and disjoint */
function fromGroups(groups: readonly (readonly number[])[]): Supersets {
  const groupOf = new Map(groups.flatMap((group) => group.map((label) => [label, group] as const)));
  return (label) => groupOf.get(label) ?? [label];
}
