import { readClassAttributes } from "../../../data/cub_annotations.ts";
import type { Split } from "../../../data/dataset.ts";
import { UserError } from "../../../engine/errors.ts";
import { type ClassPair, classPairs } from "./class_pairs.ts";

/**
 * The pairs of classes of a data set with CUB's attributes.
 *
 * @throws {UserError} when attributes are missing, or no two classes differ in few enough parts
 */
export async function readClassPairs(root: string): Promise<ClassPair[]> {
  const pairs = classPairs(await readClassAttributes(root));
  if (pairs.length === 0) {
    throw new UserError(`No two classes of ${root} differ in one to three parts only`);
  }
  return pairs;
}

/** The pictures of the classes of pairs. */
export function picturesOfPairs(split: Split, pairs: readonly ClassPair[]): Split {
  const { source } = split;
  if (source.kind !== "files") throw new Error("Pictures with annotations are files");
  const classes = new Set(pairs.flatMap(({ classes }) => classes));
  const chosen = split.ids.map((_, i) => i).filter((i) => classes.has(split.labels[i]));
  return {
    name: split.name,
    ids: chosen.map((i) => split.ids[i]),
    labels: split.labels.filter((label) => classes.has(label)),
    source: { kind: "files", paths: chosen.map((i) => source.paths[i]) },
  };
}
