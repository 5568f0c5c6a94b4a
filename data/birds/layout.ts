import { join } from "node:path";
import { attributePercentages, ATTRIBUTES } from "./attributes.ts";
import type { Species } from "./parts.ts";
import { CUB_PARTS, type Picture } from "./picture.ts";

/** One picture's entry in the data set. */
export interface Entry {
  classIndex: number;
  /** Within its class, from 0. */
  pictureIndex: number;
  training: boolean;
}

/** What the annotation files say of a picture. */
export type Annotation = Pick<Picture, "box" | "parts">;

/** A class folder as CUB names it: `001.Red_winged_Brookfinch`. */
export function classFolder(species: readonly Species[], classIndex: number): string {
  return `${String(classIndex + 1).padStart(3, "0")}.${species[classIndex].name}`;
}

/** Path of a picture without its extension, relative to `images` or `segmentations`. */
export function pictureStem(species: readonly Species[], entry: Entry, id: number): string {
  const { classIndex, pictureIndex } = entry;
  const number = String(pictureIndex + 1).padStart(4, "0");
  return `${classFolder(species, classIndex)}/${species[classIndex].name}_${number}_${id}`;
}

/** Creates the folders that pictures and annotations go into. */
export async function makeFolders(root: string, species: readonly Species[]): Promise<void> {
  for (const folder of ["parts", "attributes"]) await Deno.mkdir(join(root, folder));
  for (const folder of ["images", "segmentations"]) {
    for (let index = 0; index < species.length; index++) {
      await Deno.mkdir(join(root, folder, classFolder(species, index)), { recursive: true });
    }
  }
}

/** Writes CUB's text files. Entries and annotations are in the order of the ids 1 … n. */
export async function writeAnnotations(
  root: string,
  species: readonly Species[],
  entries: readonly Entry[],
  annotations: readonly Annotation[],
): Promise<void> {
  const write = (path: string, lines: string[]) =>
    Deno.writeTextFile(join(root, path), lines.join("\n") + "\n");
  const numbered = (values: readonly string[]) => values.map((value, i) => `${i + 1} ${value}`);
  const decimal = (value: number) => value.toFixed(1);
  await write(
    "images.txt",
    entries.map((entry, i) => `${i + 1} ${pictureStem(species, entry, i + 1)}.jpg`),
  );
  await write("classes.txt", numbered(species.map((_, i) => classFolder(species, i))));
  await write(
    "image_class_labels.txt",
    numbered(entries.map(({ classIndex }) => String(classIndex + 1))),
  );
  await write(
    "train_test_split.txt",
    numbered(entries.map(({ training }) => training ? "1" : "0")),
  );
  await write(
    "bounding_boxes.txt",
    numbered(annotations.map(({ box }) => box.map(decimal).join(" "))),
  );
  await write("parts/parts.txt", numbered(CUB_PARTS));
  await write(
    "parts/part_locs.txt",
    annotations.flatMap(({ parts }, i) =>
      parts.map((point, part) => {
        const [x, y] = point ?? [0, 0];
        return `${i + 1} ${part + 1} ${decimal(x)} ${decimal(y)} ${point ? 1 : 0}`;
      })
    ),
  );
  await write("attributes/attributes.txt", numbered(ATTRIBUTES));
  await write(
    "attributes/class_attribute_labels_continuous.txt",
    species.map(({ appearance }, i) =>
      attributePercentages(appearance, i).map((value) => value.toFixed(2)).join(" ")
    ),
  );
}
