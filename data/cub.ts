import { join } from "node:path";
import { UserError } from "../engine/errors.ts";
import { CUB_LISTS, Pairs } from "./cub_lists.ts";
import type { Dataset, Split } from "./dataset.ts";
import { exists, readText } from "./files.ts";

/**
 * Reads a folder in the layout of CUB-200-2011 (Wah et al., 2011): the real data set, or one
 * that `data birds` made. `root` is the folder that holds images.txt, or the one around it.
 *
 * @throws {UserError} when lists are missing, malformed or disagree, or pictures are missing
 */
export async function loadCub(root: string, name = "cub"): Promise<Dataset> {
  const folder = await find(root);
  const [images, labels, splits, classes] = await Promise.all(
    CUB_LISTS.map((list) => readPairs(join(folder, list))),
  );
  for (const other of [labels, splits]) compareIds(images, other);
  const classNames = [...classes.values.values()];
  const classIndex = new Map([...classes.values.keys()].map((id, i) => [id, i]));

  const parts = { train: new Part("train"), test: new Part("test") };
  for (const [id, path] of images.values) {
    const label = labels.values.get(id)!;
    const index = classIndex.get(label);
    if (index === undefined) {
      throw new UserError(
        `${labels.place(id)}: picture ${id} has class ${label}, which is not in ${classes.path}`,
      );
    }
    const split = splits.values.get(id)!;
    if (split !== "0" && split !== "1") {
      throw new UserError(`${splits.place(id)}: picture ${id} has "${split}", expected 0 or 1`);
    }
    parts[split === "1" ? "train" : "test"].add(path, join(folder, "images", path), index);
  }
  for (const part of Object.values(parts)) {
    if (part.ids.length === 0) {
      throw new UserError(`${splits.path} leaves no pictures for the ${part.name} split`);
    }
  }
  await expectPictures([...parts.train.paths, ...parts.test.paths]);
  const [train, test] = [parts.train.split(), parts.test.split()];
  return { name, root: folder, classes: classNames, train, test };
}

/** The pictures of one split as they are collected. */
class Part {
  readonly ids: string[] = [];
  readonly paths: string[] = [];
  readonly #labels: number[] = [];

  constructor(readonly name: Split["name"]) {}

  add(id: string, path: string, label: number): void {
    this.ids.push(id);
    this.paths.push(path);
    this.#labels.push(label);
  }

  split(): Split {
    const { name, ids, paths } = this;
    return { name, ids, labels: Uint32Array.from(this.#labels), source: { kind: "files", paths } };
  }
}

/** The folder that holds the lists: `root` itself or CUB_200_2011 below it. */
async function find(root: string): Promise<string> {
  const candidates = [root, join(root, "CUB_200_2011")];
  for (const folder of candidates) {
    if (await exists(join(folder, CUB_LISTS[0]))) {
      const missing: string[] = [];
      for (const list of [...CUB_LISTS, "images"]) {
        if (!await exists(join(folder, list))) missing.push(list);
      }
      if (missing.length === 0) return folder;
      throw new UserError(`${folder} is not a complete CUB folder: ${missing.join(", ")} missing`);
    }
  }
  throw new UserError(
    await exists(root)
      ? `${root} is not a CUB folder: it holds no ${
        CUB_LISTS[0]
      } (expected the contents of CUB_200_2011)`
      : `The data folder ${root} does not exist`,
  );
}

async function readPairs(path: string): Promise<Pairs> {
  return new Pairs(path, await readText(path), (message) => {
    throw new UserError(message);
  });
}

function compareIds(images: Pairs, other: Pairs): void {
  for (const id of images.values.keys()) {
    if (!other.values.has(id)) {
      throw new UserError(
        `${other.path} has no line for picture ${id} of ${images.place(id)} ` +
          `(${other.values.size} lines for ${images.values.size} pictures)`,
      );
    }
  }
  for (const id of other.values.keys()) {
    if (!images.values.has(id)) {
      throw new UserError(
        `${other.place(id)} has a line for picture ${id}, which ${images.path} lacks`,
      );
    }
  }
}

async function expectPictures(paths: readonly string[]): Promise<void> {
  const missing: string[] = [];
  // Looked up in slices: thousands of open requests at once gain nothing.
  for (let from = 0; from < paths.length; from += 256) {
    const slice = paths.slice(from, from + 256);
    const found = await Promise.all(slice.map(exists));
    missing.push(...slice.filter((_, i) => !found[i]));
  }
  if (missing.length > 0) {
    throw new UserError(
      `${missing.length} of ${paths.length} pictures are missing, the first is ${missing[0]}`,
    );
  }
}
