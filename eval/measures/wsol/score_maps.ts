import { join } from "node:path";
import { readFile } from "../../../data/files.ts";
import { readWsolMetadata } from "../../../data/wsol_metadata.ts";
import { UserError } from "../../../engine/errors.ts";
import { decodeNpy } from "../npy.ts";
import { PixelAp } from "../pixel_ap.ts";
import { type BoxAccuracy, BoxEvaluator } from "./box_accuracy.ts";
import { precisionOf } from "./object_localization.ts";
import { addMasked, objectMask, scaledBoxes, SIDE } from "./object_mask.ts";

/** Result of evaluating a folder of maps: boxes where the split has boxes, else masks. */
export interface ScoreMapResult {
  readonly boxes: BoxAccuracy | null;
  /** Pixel-wise average precision, 0–100. */
  readonly pxap: number | null;
  readonly images: number;
  /** Positions of the best thresholds of boxes, to evaluate other maps at. */
  readonly best: number[] | null;
}

/**
 * Evaluates maps that anyone's code made, as wsolevaluation does: `FOLDER/<image id>.npy`, 224 × 224,
 * from 0 to 1.
 *
 * @param options `metadata`: a split's folder; `masks`: where its masks are; `step` between
 * thresholds; `at`: positions of the thresholds of boxes, instead of the best ones
 * @throws {UserError} when a file is missing, or a map has another size or other values
 */
export async function evaluateScoreMaps(
  folder: string,
  { metadata, masks, step, at, onProgress }: {
    readonly metadata: string;
    readonly masks?: string;
    readonly step: number;
    readonly at?: number[];
    readonly onProgress?: (share: number) => void;
  },
): Promise<ScoreMapResult> {
  const places = await readWsolMetadata(metadata);
  const withBoxes = [...places.values()].every(({ boxes }) => boxes.length > 0);
  if (!withBoxes && masks === undefined) {
    throw new UserError(`${metadata} has masks: say with --masks where they are`);
  }
  const evaluator = new BoxEvaluator({ step });
  const pixels = new PixelAp({ thresholds: "even", step });
  let done = 0;
  for (const [id, place] of places) {
    const path = join(folder, `${id}.npy`);
    const { shape, values } = decodeNpy(await readFile(path), path);
    if (shape.join() !== `${SIDE},${SIDE}`) {
      throw new UserError(`${path} has shape [${shape}], expected [${SIDE},${SIDE}]`);
    }
    try {
      if (withBoxes) evaluator.add(values, SIDE, scaledBoxes(place));
      else addMasked(pixels, values, await objectMask(place, masks!));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new UserError(`${path}: ${error.message}`, { cause: error });
    }
    onProgress?.(++done / places.size);
  }
  return {
    boxes: withBoxes ? evaluator.compute(at) : null,
    pxap: withBoxes ? null : precisionOf(pixels, places.size),
    images: places.size,
    best: withBoxes ? evaluator.best() : null,
  };
}
