import { join } from "node:path";
import { UserError } from "../engine/errors.ts";
import type { Dataset, Split } from "./dataset.ts";
import { exists, readText } from "./files.ts";
import { parseIds, parseLabels } from "./wsol_lists.ts";

/** The benchmark's data sets, as its folders are called. */
export const WSOL_NAMES = ["CUB", "ILSVRC", "OpenImages"] as const;

/** One of them. */
export type WsolName = typeof WSOL_NAMES[number];

/** Where a data set of the benchmark lies. */
export interface WsolFolders {
  /** Folder that the ids of pictures, and the paths of masks, begin in. */
  readonly pictures: string;
  /** Folder with the folders `train`, `val` and `test` of lists. */
  readonly lists: string;
}

/** Where wsolevaluation has a data set's files; `metadata` stands for `root/metadata`. */
export function wsolFolders(root: string, name: WsolName, metadata?: string): WsolFolders {
  return {
    pictures: join(root, "dataset", name),
    lists: join(metadata ?? join(root, "metadata"), name),
  };
}

/**
 * Reads a data set of the WSOL benchmark (Choe et al., 2020) in the layout of its repository,
 * clovaai/wsolevaluation: pictures at `root/dataset/NAME/<image id>`, lists in
 * `root/metadata/NAME/{train,val,test}`. `val` is CUBV2, ImageNetV2 or OpenImages30k's validation
 * pictures; `test` is the test set (of ILSVRC: the validation set of 2012).
 *
 * Only the first picture of a split is looked for: ILSVRC has 1.28 million, and `data check` looks
 * for each. Without training pictures `train` is empty, without validation pictures `val` is absent.
 * Classes are called as the folders of their training pictures, `n01440764`, as far as there are
 * training lists; those without have names such as `class 7`.
 *
 * @param options `metadata`: the folder of lists, where it is not `root/metadata`
 * @throws {UserError} when a list is missing, malformed or empty, or test pictures are missing
 */
export async function loadWsol(
  root: string,
  name: WsolName,
  { metadata }: { readonly metadata?: string } = {},
): Promise<Dataset> {
  const folders = wsolFolders(root, name, metadata);
  const train = await readSplit(folders, "train");
  const val = await readSplit(folders, "val");
  const test = await readSplit(folders, "test");
  if (test?.picture !== true) {
    throw new UserError(
      test
        ? `${test.paths[0]} is missing, the first of ${test.ids.length} test pictures of ${name} ` +
          `(./calm data check ${root} says what else is)`
        : `${join(folders.lists, "test", "image_ids.txt")} is missing, expected the lists of ` +
          `wsolevaluation's folder metadata/${name} there`,
    );
  }
  const classes = classNames(train, [train, val, test]);
  return {
    name: name.toLowerCase(),
    root,
    classes,
    train: train?.picture ? splitOf(train) : splitOf({ ...NOTHING, name: "train" }),
    ...(val?.picture ? { val: splitOf(val) } : {}),
    test: splitOf(test),
    localization: {
      metadata: {
        ...(val?.picture ? { val: join(folders.lists, "val") } : {}),
        test: join(folders.lists, "test"),
      },
      masks: folders.pictures,
    },
  };
}

/** What the lists of a split say. */
interface Listed {
  readonly name: Split["name"];
  readonly ids: readonly string[];
  readonly paths: readonly string[];
  readonly labels: Uint32Array;
  /** Whether the first picture is there. */
  readonly picture: boolean;
}

const NOTHING = { ids: [], paths: [], labels: new Uint32Array(), picture: false };

/** A split's lists, or null where they are not there. */
async function readSplit(
  { pictures, lists }: WsolFolders,
  name: Split["name"],
): Promise<Listed | null> {
  const [idList, labelList] = ["image_ids.txt", "class_labels.txt"].map((list) =>
    join(lists, name, list)
  );
  if (!await exists(idList)) return null;
  const ids = parseIds(await readText(idList), idList, refuse);
  if (ids.length === 0) throw new UserError(`${idList} is empty, expected an id a line`);
  const labelOf = parseLabels(await readText(labelList), labelList, refuse);
  const labels = Uint32Array.from(
    ids,
    (id) => labelOf.get(id) ?? refuse(`${labelList} has no line for ${id} of ${idList}`),
  );
  // Paths are joined by hand: `join` would take seconds for a million.
  const paths = ids.map((id) => `${pictures}/${id}`);
  return { name, ids, paths, labels, picture: await exists(paths[0]) };
}

function splitOf({ name, ids, paths, labels }: Listed): Split {
  return { name, ids, labels, source: { kind: "files", paths } };
}

/** The folder of each class's first training picture, unless that of another class is the same. */
function classNames(train: Listed | null, splits: readonly (Listed | null)[]): string[] {
  const count = 1 + splits.reduce((most, split) => split ? maximum(split.labels, most) : most, 0);
  const names: (string | undefined)[] = Array(count).fill(undefined);
  train?.ids.forEach((id, i) => names[train.labels[i]] ??= id.split("/").at(-2));
  const uses = Map.groupBy(names, (name) => name);
  return names.map((name, label) =>
    name !== undefined && uses.get(name)!.length === 1 ? name : `class ${label}`
  );
}

function maximum(values: Uint32Array, least: number): number {
  return values.reduce((most, value) => Math.max(most, value), least);
}

function refuse(message: string): never {
  throw new UserError(message);
}
