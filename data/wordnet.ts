import { join } from "node:path";
import { UserError } from "../engine/errors.ts";
import { exists, readText } from "./files.ts";
import { forEachLine } from "./lines.ts";

/** Nouns of WordNet and what they are kinds of. */
export interface Wordnet {
  /** Folder it was read from. */
  readonly folder: string;
  /** Words of each synset, by its id: `n02084071` → `dog, domestic dog, Canis familiaris`. */
  readonly words: ReadonlyMap<string, string>;
  /** Ids of the synsets that a synset is a kind of; some have several. */
  readonly parents: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads WordNet (Fellbaum, 1998) from a folder with ImageNet's lists: `words.txt` (`id<TAB>words`)
 * and `wordnet.is_a.txt` (`parent child`), or else from WordNet's own `data.noun` (format: its manual
 * page wndb(5WN)). ImageNet's ids are the offsets in version 3.0 of that file.
 *
 * @throws {UserError} when the folder holds neither, or a line is malformed
 */
export async function readWordnet(folder: string): Promise<Wordnet> {
  const [words, isA, nouns] = ["words.txt", "wordnet.is_a.txt", "data.noun"].map((name) =>
    join(folder, name)
  );
  if (await exists(words) && await exists(isA)) {
    return { folder, words: await readWords(words), parents: await readParents(isA) };
  }
  if (await exists(nouns)) return { folder, ...await readNouns(nouns) };
  throw new UserError(
    `${folder} has neither words.txt with wordnet.is_a.txt (ImageNet's lists) nor data.noun ` +
      "(WordNet 3.0's)",
  );
}

async function readWords(path: string): Promise<Map<string, string>> {
  const words = new Map<string, string>();
  forEachLine(await readText(path), (content, line) => {
    const [, id, text] = /^(n\d{8})\t(.+)$/.exec(content) ??
      fail(`${path}:${line}: expected "n02084071<TAB>words", found "${content}"`);
    words.set(id, text);
  });
  return words;
}

async function readParents(path: string): Promise<Map<string, string[]>> {
  const parents = new Map<string, string[]>();
  forEachLine(await readText(path), (content, line) => {
    const [, parent, child] = /^(n\d{8})\s+(n\d{8})$/.exec(content) ??
      fail(`${path}:${line}: expected two ids, "parent child", found "${content}"`);
    addTo(parents, child, parent);
  });
  return parents;
}

async function readNouns(path: string): Promise<Pick<Wordnet, "words" | "parents">> {
  const words = new Map<string, string>();
  const parents = new Map<string, string[]>();
  forEachLine(await readText(path), (content, line) => {
    // The file begins with its licence in numbered lines.
    if (/^\d{1,7}( |$)/.test(content)) return;
    const [offset, , kind, count, ...fields] = content.split(" | ")[0].split(" ");
    const last = 2 * parseInt(count, 16);
    const pointers = Number(fields[last]);
    if (kind !== "n" || !(fields.length > last + 4 * pointers)) {
      fail(`${path}:${line}: expected a noun of WordNet, found "${content.slice(0, 60)}"`);
    }
    const id = `n${offset}`;
    const own = fields.slice(0, last).filter((_, i) => i % 2 === 0);
    words.set(id, own.join(", ").replaceAll("_", " "));
    for (let i = 0; i < pointers; i++) {
      const [symbol, target] = fields.slice(last + 1 + 4 * i);
      // "@": a kind of; "@i": an instance of.
      if (symbol === "@" || symbol === "@i") addTo(parents, id, `n${target}`);
    }
  });
  return { words, parents };
}

/** A synset and everything that it is a kind of. */
export function ancestors({ parents }: Wordnet, id: string): ReadonlySet<string> {
  // What is added to a set while it is walked is walked, too.
  const found = new Set([id]);
  for (const next of found) for (const parent of parents.get(next) ?? []) found.add(parent);
  return found;
}

function addTo(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

function fail(message: string): never {
  throw new UserError(message);
}
