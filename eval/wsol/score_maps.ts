import { join } from "node:path";
import { decodePicture } from "../../data/codecs.ts";
import { readFile } from "../../data/files.ts";
import { type Localization, readWsolMetadata } from "../../data/wsol_metadata.ts";
import { UserError } from "../../engine/errors.ts";
import { decodeNpy } from "../npy.ts";
import { PixelAp } from "../metrics/pixel_ap.ts";
import { type BoxAccuracy, BoxEvaluator } from "./box_accuracy.ts";
import type { Box } from "./contours.ts";

/** Side of the maps, as in the benchmark. */
export const SIDE = 224;

/** Result of evaluating a folder of maps: boxes where the split has boxes, else masks. */
export interface ScoreMapResult {
  readonly boxes: BoxAccuracy | null;
  /** Pixel-wise average precision, 0–100. */
  readonly pxap: number | null;
  readonly images: number;
}

/**
 * Evaluates maps that anyone's code made, as wsolevaluation does: `FOLDER/<image id>.npy`, 224 × 224,
 * from 0 to 1.
 *
 * @param options `metadata`: a split's folder; `masks`: where its masks are; `step` between
 * thresholds
 * @throws {UserError} when a file is missing, or a map has another size or other values
 */
export async function evaluateScoreMaps(
  folder: string,
  { metadata, masks, step, onProgress }: {
    readonly metadata: string;
    readonly masks?: string;
    readonly step: number;
    readonly onProgress?: (share: number) => void;
  },
): Promise<ScoreMapResult> {
  const places = await readWsolMetadata(metadata);
  const withBoxes = [...places.values()].every(({ boxes }) => boxes.length > 0);
  if (!withBoxes && masks === undefined) {
    throw new UserError(`${metadata} has masks: say with --masks where they are`);
  }
  const evaluator = new BoxEvaluator({ step });
  const pixels = new PixelAp({ thresholds: "even" });
  let done = 0;
  for (const [id, place] of places) {
    const path = join(folder, `${id}.npy`);
    const { shape, values } = decodeNpy(await readFile(path), path);
    if (shape.join() !== `${SIDE},${SIDE}`) {
      throw new UserError(`${path} has shape [${shape}], expected [${SIDE},${SIDE}]`);
    }
    try {
      if (withBoxes) evaluator.add(values, SIDE, scaledBoxes(place));
      else await addMasked(pixels, values, place, masks!);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new UserError(`${path}: ${error.message}`);
    }
    onProgress?.(++done / places.size);
  }
  return {
    boxes: withBoxes ? evaluator.compute() : null,
    pxap: withBoxes ? null : pixels.compute(),
    images: places.size,
  };
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

/** Adds the pixels inside and outside of the objects; ignored ones are neither. */
async function addMasked(
  pixels: PixelAp,
  scores: Float64Array,
  { masks, ignore }: Localization,
  root: string,
): Promise<void> {
  const objects = new Uint8Array(SIDE * SIDE);
  for (const mask of masks) {
    (await readMask(join(root, mask))).forEach((on, i) => objects[i] |= on);
  }
  const ignored = ignore ? await readMask(join(root, ignore)) : new Uint8Array(SIDE * SIDE);
  const counted = [...objects.keys()].filter((i) => objects[i] || !ignored[i]);
  const inMask = counted.map((i) => objects[i] === 1);
  pixels.add(Float64Array.from(counted, (i) => scores[i]), (i) => inMask[i]);
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
