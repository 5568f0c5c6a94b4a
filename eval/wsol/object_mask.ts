import { join } from "node:path";
import { decodePicture } from "../../data/codecs.ts";
import { readFile } from "../../data/files.ts";
import type { Localization } from "../../data/wsol_metadata.ts";
import type { PixelAp } from "../metrics/pixel_ap.ts";
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

/** Boxes scaled to the map and truncated. */
export function scaledBoxes({ boxes, size }: Pick<Localization, "boxes" | "size">): Box[] {
  const [width, height] = size!;
  return boxes.map(([x0, y0, x1, y1]) => [
    Math.trunc(x0 * SIDE / width),
    Math.trunc(y0 * SIDE / height),
    Math.trunc(x1 * SIDE / width),
    Math.trunc(y1 * SIDE / height),
  ]);
}

/**
 * The mask files of a picture, united, or its boxes where it has no masks.
 *
 * @param root folder that the paths of masks begin in
 */
export async function objectMask(place: Localization, root: string): Promise<ObjectMask> {
  const inside = new Uint8Array(SIDE * SIDE);
  if (place.masks.length === 0) {
    for (const [x0, y0, x1, y1] of scaledBoxes(place)) {
      for (let y = y0; y <= Math.min(y1, SIDE - 1); y++) {
        inside.fill(1, y * SIDE + x0, y * SIDE + Math.min(x1, SIDE - 1) + 1);
      }
    }
    return { inside, ignored: null };
  }
  for (const mask of place.masks) {
    (await readMask(join(root, mask))).forEach((on, i) => inside[i] |= on);
  }
  return { inside, ignored: place.ignore ? await readMask(join(root, place.ignore)) : null };
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

/** A mask at the map's size: OpenCV's nearest neighbour. */
async function readMask(path: string): Promise<Uint8Array> {
  const { width, height, data } = await decodePicture(await readFile(path), path);
  return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
    const x = Math.min(Math.floor((i % SIDE) * width / SIDE), width - 1);
    const y = Math.min(Math.floor(Math.floor(i / SIDE) * height / SIDE), height - 1);
    return data[3 * (y * width + x)] > 0 ? 1 : 0;
  });
}
