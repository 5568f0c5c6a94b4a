import type { KeyPoint } from "../../../data/cub_annotations.ts";
import type { Picture } from "../../../data/dataset.ts";
import { resizeLikePillow } from "../../../data/resize.ts";

/** Pixels of a side of every mask and score map, as in the paper and its code. */
export const SIDE = 224;

/** The part that each pixel belongs to: 1 to 7, or 0 outside of the bird. `SIDE × SIDE`. */
export interface PartMap {
  readonly parts: Uint8Array;
  /** Parts of which a key point is visible. */
  readonly visible: ReadonlySet<number>;
}

/** CUB's part numbers that make the head: beak, crown, forehead, eyes, nape, throat. */
const HEAD = [2, 5, 6, 7, 10, 11, 15];
/** The others in the official code's order, which decides ties: CUB's number, merged part. */
const OTHERS = [[1, 2], [3, 3], [4, 4], [14, 5], [8, 6], [12, 6], [9, 7], [13, 7]] as const;

/**
 * Expands key points to regions (paper §5.2): each pixel of the bird belongs to the part of the
 * nearest key point. As in the official code the head is the mean of its visible points, legs and
 * wings stay two points each, points are scaled to 224 and truncated to integers, the first of
 * equally near ones wins, and the bird is what is positive in the segmentation after Pillow's
 * bicubic resize.
 *
 * @param points visible key points by CUB's number, in pixels of the picture
 * @param segmentation of any size
 * @param size of the picture
 * @returns null when no key point is visible
 */
export function partMap(
  points: ReadonlyMap<number, KeyPoint>,
  segmentation: Picture,
  size: Pick<Picture, "width" | "height"> = segmentation,
): PartMap | null {
  const merged = mergeParts(points, size);
  if (merged.length === 0) return null;
  const { data } = resizeLikePillow(segmentation, SIDE, SIDE, "bicubic");
  const parts = new Uint8Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const i = y * SIDE + x;
      if (data[3 * i] === 0) continue;
      let nearest = Infinity;
      for (const { part, at: [px, py] } of merged) {
        const distance = (x - px) ** 2 + (y - py) ** 2;
        if (distance < nearest) {
          nearest = distance;
          parts[i] = part;
        }
      }
    }
  }
  return { parts, visible: new Set(merged.map(({ part }) => part)) };
}

function mergeParts(
  points: ReadonlyMap<number, KeyPoint>,
  { width, height }: Pick<Picture, "width" | "height">,
): { part: number; at: KeyPoint }[] {
  const scaled = (number: number): KeyPoint => {
    const [x, y] = points.get(number)!;
    return [x / width * SIDE, y / height * SIDE];
  };
  const truncate = ([x, y]: KeyPoint): KeyPoint => [Math.trunc(x), Math.trunc(y)];
  const merged: { part: number; at: KeyPoint }[] = [];
  const head = HEAD.filter((number) => points.has(number)).map(scaled);
  if (head.length > 0) {
    const mean = (axis: 0 | 1) => head.reduce((sum, at) => sum + at[axis], 0) / head.length;
    merged.push({ part: 1, at: truncate([mean(0), mean(1)]) });
  }
  for (const [number, part] of OTHERS) {
    if (points.has(number)) merged.push({ part, at: truncate(scaled(number)) });
  }
  return merged;
}
