import { decodePicture } from "../../../data/codecs.ts";
import type { Dataset, Picture, Split } from "../../../data/dataset.ts";
import { readFile } from "../../../data/files.ts";
import { UserError } from "../../../engine/errors.ts";
import type { OpenedModel } from "../../../model/stored/open_model.ts";
import { openAnnotations } from "../../measures/annotations.ts";
import { mapsOfPicture } from "../../maps/picture_maps.ts";
import type { ClassPair } from "../../measures/cues/class_pairs.ts";

/** A test picture in a figure. */
export interface Shown {
  readonly id: string;
  readonly label: number;
  readonly picture: Picture;
}

/** A picture of one of the classes of a pair, in which a part that tells them apart is visible. */
export interface ShownPair extends Shown {
  readonly pair: ClassPair;
  /** The class it is not. */
  readonly against: number;
  /** 1 in the parts that tell the classes apart, at 224 × 224. */
  readonly mask: Uint8Array;
}

/**
 * Reads a test picture.
 *
 * @throws {UserError} when the data set has no test picture of this name
 */
export async function readShown({ test, root }: Dataset, id: string): Promise<Shown> {
  const index = test.ids.indexOf(id);
  if (index < 0) {
    throw new UserError(`${root} has no test picture "${id}"; one is called ${test.ids[0]}`);
  }
  return await shownAt(test, index);
}

/** The first test pictures, of different classes, that all models get right. */
export async function chooseShown(
  { test }: Dataset,
  models: readonly OpenedModel[],
  count: number,
): Promise<Shown[]> {
  const chosen: Shown[] = [];
  const classes = new Set<number>();
  for (const [index, label] of test.labels.entries()) {
    if (chosen.length === count) break;
    if (classes.has(label)) continue;
    const shown = await shownAt(test, index);
    if (!await allRight(models, shown)) continue;
    classes.add(label);
    chosen.push(shown);
  }
  if (chosen.length === 0) {
    throw new UserError(
      "There is no test picture that the models get right; name one: --picture ID",
    );
  }
  return chosen;
}

/**
 * For each of some pairs the first test picture of one of its classes that all models get right and
 * that shows a part in which the classes differ. Pairs of which there is none are left out.
 */
export async function choosePairs(
  dataset: Dataset,
  models: readonly OpenedModel[],
  { pairs, count, id, a, b }: {
    readonly pairs: readonly ClassPair[];
    readonly count: number;
    /** The class of the pictures; default either of a pair. */
    readonly a?: number;
    /** The class that the pictures are not of. */
    readonly b?: number;
    /** The picture to show, whatever the models say of it. */
    readonly id?: string;
  },
): Promise<ShownPair[]> {
  const { test } = dataset;
  const annotations = openAnnotations(dataset, test);
  const chosen: ShownPair[] = [];
  for (const pair of pairs) {
    if (chosen.length === count) break;
    const possible = pair.classes.filter((label) =>
      (a === undefined || label === a) && label !== b
    );
    // A figure of the same bird in every row shows less.
    const [wanted = possible[0]] = possible
      .filter((label) => !chosen.some((other) => other.label === label));
    for (const [index, label] of test.labels.entries()) {
      const candidate = id === undefined ? label === wanted : test.ids[index] === id;
      if (!candidate || !possible.includes(label)) continue;
      const map = await annotations.parts(test.ids[index]);
      if (!map || !pair.parts.some((part) => map.visible.has(part))) continue;
      const shown = await shownAt(test, index);
      if (id === undefined && !await allRight(models, shown)) continue;
      const mask = map.parts.map((part) => pair.parts.includes(part) ? 1 : 0);
      const against = pair.classes[label === pair.classes[0] ? 1 : 0];
      chosen.push({ ...shown, pair, against, mask });
      break;
    }
  }
  if (chosen.length === 0) {
    throw new UserError("No test picture shows what tells two classes apart");
  }
  return chosen;
}

/** Classes of the same last word in their names: `005.Marsh_Wren` and `009.House_Wren`. */
export function familyOf(classNames: readonly string[], label: number): number[] {
  const last = (name: string) => name.split(/[._\s]/).at(-1);
  return [...classNames.keys()].filter((y) => last(classNames[y]) === last(classNames[label]));
}

async function allRight(
  models: readonly OpenedModel[],
  { picture, label }: Shown,
): Promise<boolean> {
  for (const model of models) {
    const [{ predicted }] = await mapsOfPicture(model, picture).explanations();
    if (predicted !== label) return false;
  }
  return true;
}

async function shownAt({ ids, labels, source }: Split, index: number): Promise<Shown> {
  if (source.kind !== "files") throw new UserError("Figures are made of data sets in files");
  const path = source.paths[index];
  const picture = await decodePicture(await readFile(path), path);
  return { id: ids[index], label: labels[index], picture };
}
