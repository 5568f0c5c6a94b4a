import { join } from "node:path";
import { readFile } from "../../../data/files.ts";
import { decodeGrey, type GreyPicture } from "../../../data/grey.ts";
import type { Localization } from "../../../data/wsol_metadata.ts";
import { UserError } from "../../../engine/errors.ts";
import type { PixelAp } from "../pixel_ap.ts";
import type { Box } from "./contours.ts";

/** Side of the maps, as in the benchmark. */
export const SIDE = 224;

/** Where a picture's object is, at `SIDE × SIDE`. */
export interface ObjectMask {
  /** 1 inside of an object. */
  readonly inside: Uint8Array;
  /** 1 where it does not matter; null where everything does. */
  readonly ignored: Uint8Array | null;
}

/**
 * Boxes scaled to the map and truncated.
 *
 * @throws {UserError} when all of them lie outside of the picture, where no map finds them
 */
export function scaledBoxes({ boxes, size }: Pick<Localization, "boxes" | "size">): Box[] {
  const [width, height] = size!;
  const scaled = boxes.map(([x0, y0, x1, y1]): Box => [
    Math.trunc(x0 * SIDE / width),
    Math.trunc(y0 * SIDE / height),
    Math.trunc(x1 * SIDE / width),
    Math.trunc(y1 * SIDE / height),
  ]);
  const isInside = ([x0, y0, x1, y1]: Box) => x0 < SIDE && y0 < SIDE && x1 >= 0 && y1 >= 0;
  if (scaled.length === 0 || scaled.some(isInside)) return scaled;
  throw new UserError(
    `The boxes ${boxes.map((box) => `[${box}]`).join(", ")} lie outside of their picture, ` +
      `which is ${size!.join(" × ")}`,
  );
}

/**
 * The mask files of a picture, united, or its boxes where it has no masks. An object so small that it
 * falls between the pixels of the map is lost, as in the benchmark.
 *
 * @param root folder that the paths of masks begin in
 * @throws {UserError} when a mask is missing or damaged, or nothing is marked: all masks are black, or
 * the boxes lie outside of the picture
 */
export async function objectMask(place: Localization, root: string): Promise<ObjectMask> {
  if (place.masks.length === 0) return { inside: boxedPixels(place), ignored: null };
  const inside = new Uint8Array(SIDE * SIDE);
  let marked = false;
  for (const mask of place.masks) {
    const picture = await readMask(join(root, mask));
    marked ||= picture.data.some((level) => level > 0);
    shrink(picture).forEach((on, i) => inside[i] |= on);
  }
  if (!marked) {
    const [first, ...others] = place.masks.map((mask) => join(root, mask));
    throw new UserError(
      others.length === 0
        ? `${first} marks no pixel, expected a mask with some that are not black`
        : `${first} and ${others.length} more masks of the same picture mark no pixel, expected one ` +
          "with some that are not black",
    );
  }
  return {
    inside,
    ignored: place.ignore ? shrink(await readMask(join(root, place.ignore))) : null,
  };
}

/** 1 inside of a box. */
function boxedPixels(place: Localization): Uint8Array {
  const inside = new Uint8Array(SIDE * SIDE);
  for (const [x0, y0, x1, y1] of scaledBoxes(place)) {
    for (let y = Math.max(y0, 0); y <= Math.min(y1, SIDE - 1); y++) {
      const [from, to] = [Math.max(x0, 0), Math.min(x1, SIDE - 1)];
      if (from <= to) inside.fill(1, y * SIDE + from, y * SIDE + to + 1);
    }
  }
  return inside;
}

/** Adds the pixels inside and outside of the objects; ignored ones are neither. */
export function addMasked(
  pixels: PixelAp,
  scores: Float64Array,
  { inside, ignored }: ObjectMask,
): void {
  if (!ignored) return pixels.add(scores, (i) => inside[i] === 1);
  const counted = [...inside.keys()].filter((i) => inside[i] || !ignored[i]);
  pixels.add(Float64Array.from(counted, (i) => scores[i]), (i) => inside[counted[i]] === 1);
}

async function readMask(path: string): Promise<GreyPicture> {
  return await decodeGrey(await readFile(path), path);
}

/** What is not black, at the map's size. */
function shrink({ width, height, data }: GreyPicture): Uint8Array {
  const [columns, rows] = [nearestPixels(width), nearestPixels(height)];
  return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [columns[i % SIDE], rows[Math.floor(i / SIDE)]];
    return data[y * width + x] > 0 ? 1 : 0;
  });
}

/**
 * The pixels along one side that OpenCV's `INTER_NEAREST` takes for `SIDE` ones. It multiplies by the
 * rounded reciprocal of a rounded ratio, which for some extents takes other pixels than the exact one.
 */
export function nearestPixels(extent: number): Uint32Array {
  const step = 1 / (SIDE / extent);
  return Uint32Array.from({ length: SIDE }, (_, i) => Math.min(Math.floor(i * step), extent - 1));
}
