import { join } from "node:path";
import { UserError } from "../engine/errors.ts";
import { Pairs } from "./cub_lists.ts";
import type { Picture } from "./dataset.ts";
import { exists, readFile, readText } from "./files.ts";
import { decodeGrey } from "./grey.ts";

/** A key point in pixels of its picture. */
export type KeyPoint = readonly [x: number, y: number];

/** What CUB says of its classes: which of its attributes they have. */
export interface ClassAttributes {
  /** 312 names such as `has_bill_shape::dagger`. */
  readonly names: readonly string[];
  /** Percentage of annotators who saw the attribute, for each class. */
  readonly percentages: readonly Float64Array[];
}

/** CUB's 15 parts: `1 back` … `15 throat`. */
const PARTS = 15;

/**
 * The attributes of the classes. `attributes.txt` may lie in `attributes/`, in the folder, or beside
 * it, where the real download leaves it.
 *
 * @throws {UserError} when a list is missing or malformed
 */
export async function readClassAttributes(root: string): Promise<ClassAttributes> {
  const list = join(root, "attributes", "class_attribute_labels_continuous.txt");
  const places = [join("attributes", "attributes.txt"), "attributes.txt", "../attributes.txt"];
  const found: string[] = [];
  for (const place of places) {
    const path = join(root, place);
    if (await exists(path)) found.push(path);
  }
  if (found.length === 0) {
    throw new UserError(
      `${root} has no attributes.txt, neither there nor in attributes/ nor beside the folder`,
    );
  }
  const names = (await readLines(found[0])).map((line, i) => {
    const [, name] = line.match(/^\d+ (\S+)$/) ??
      fail(`${found[0]}:${i + 1}: expected "id name", found "${line}"`);
    return name;
  });
  const percentages = (await readLines(list)).map((line, i) => {
    const values = Float64Array.from(line.trim().split(/\s+/), Number);
    if (values.length !== names.length || !values.every((value) => value >= 0 && value <= 100)) {
      fail(
        `${list}:${i + 1}: expected ${names.length} percentages, found ${values.length} numbers`,
      );
    }
    return values;
  });
  return { names, percentages };
}

/**
 * The visible key points of every picture, by its path in images.txt: part 1 to 15 → place.
 *
 * @throws {UserError} when a list is missing or malformed
 */
export async function readKeyPoints(
  root: string,
): Promise<ReadonlyMap<string, ReadonlyMap<number, KeyPoint>>> {
  const byId = new Map<string, Map<number, KeyPoint>>();
  const points = new Map<string, ReadonlyMap<number, KeyPoint>>();
  for (const [id, path] of await readPaths(root)) {
    const own = new Map<number, KeyPoint>();
    byId.set(id, own);
    points.set(path, own);
  }
  const list = join(root, "parts", "part_locs.txt");
  for (const [i, line] of (await readLines(list)).entries()) {
    const [id, part, x, y, visible] = line.trim().split(/\s+/);
    const own = byId.get(id);
    const number = Number(part);
    if (!own || !(number >= 1 && number <= PARTS) || !Number.isFinite(Number(x) + Number(y))) {
      fail(`${list}:${i + 1}: expected "image part x y visible", found "${line}"`);
    }
    if (visible === "1") own!.set(number, [Number(x), Number(y)]);
  }
  return points;
}

/**
 * The box of every picture, by its path in images.txt: `x0, y0, x1, y1` from CUB's x, y, width, height.
 *
 * @throws {UserError} when the list is missing or malformed
 */
export async function readBoxes(
  root: string,
): Promise<ReadonlyMap<string, readonly [number, number, number, number]>> {
  const pathOf = await readPaths(root);
  const list = join(root, "bounding_boxes.txt");
  return new Map(
    (await readLines(list)).map((line, i) => {
      const [id, ...numbers] = line.trim().split(/\s+/);
      const [x, y, width, height] = numbers.map(Number);
      const path = pathOf.get(id);
      const isBox = Number.isFinite(x + y) && 0 < width && 0 < height && width + height < Infinity;
      if (path === undefined || !isBox) {
        return fail(`${list}:${i + 1}: expected "image x y width height", found "${line}"`);
      }
      return [path, [x, y, x + width, y + height]];
    }),
  );
}

/**
 * The segmentation of a picture; the bird is what is not black. All three channels are its grey
 * levels.
 *
 * @param id the picture's path in images.txt
 * @throws {UserError} when it is missing or damaged
 */
export async function readSegmentation(root: string, id: string): Promise<Picture> {
  const path = segmentationPath(root, id);
  const { width, height, data } = await decodeGrey(await readFile(path), path);
  return {
    width,
    height,
    data: Uint8Array.from({ length: 3 * data.length }, (_, i) => data[Math.floor(i / 3)]),
  };
}

/** Where the segmentation of a picture is. */
export function segmentationPath(root: string, id: string): string {
  return join(root, "segmentations", segmentationName(id));
}

/** The same below the folder of segmentations. */
export function segmentationName(id: string): string {
  return id.replace(/\.[^.]+$/, ".png");
}

/** The path of each picture by its number, from images.txt, whose odd lines `loadCub` refuses. */
async function readPaths(root: string): Promise<ReadonlyMap<string, string>> {
  const list = join(root, "images.txt");
  return new Pairs(list, await readText(list), () => {}).values;
}

async function readLines(path: string): Promise<string[]> {
  return (await readText(path)).split(/\r?\n/).filter((line) => line.trim() !== "");
}

function fail(message: string): never {
  throw new UserError(message);
}
