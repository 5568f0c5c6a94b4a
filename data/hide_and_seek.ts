import { Random } from "../engine/random.ts";
import type { Batch } from "./loader.ts";
import { extentOf } from "./transform.ts";

/** How HaS hides parts of training pictures. */
export interface HasOptions {
  /**
   * Sides of the cells in pixels, of which each picture draws one; 0: nothing is hidden. The
   * benchmark has one size, the method's own paper several.
   */
  readonly sizes: readonly number[];
  /** Probability that a cell is hidden. */
  readonly rate: number;
}

/** The benchmark's defaults: cells of 4 pixels, not a grid of 4 × 4. */
export const HAS: HasOptions = { sizes: [4], rate: 0.5 };

/** Which cells of a picture are hidden. */
export interface HiddenCells {
  /** Side of a cell in pixels; those at the right and lower edge are cut. */
  readonly size: number;
  /** By cell, row by row. */
  readonly hidden: readonly boolean[];
}

/** The cells of one picture in one epoch; they depend on nothing else. */
export function drawHidden(
  { sizes, rate }: HasOptions,
  extent: number,
  { seed, epoch, index }: { readonly seed: number; readonly epoch: number; readonly index: number },
): HiddenCells {
  const random = Random.of(seed, 0x4a5, epoch, index);
  const size = sizes.length > 1 ? random.pick(sizes) : sizes[0];
  const cells = size === 0 ? 0 : Math.ceil(extent / size) ** 2;
  return { size, hidden: Array.from({ length: cells }, () => random.chance(rate)) };
}

/**
 * HaS, hide and seek (Singh and Lee, 2017): cells of training pictures become the mean colour, which
 * is 0 after normalising, so that a network has to look at more than the most telling part. The
 * batch is changed in place.
 *
 * @param of the cells of each picture
 */
export function hideCells(
  { images, size: pictures }: Pick<Batch, "images" | "size">,
  of: (n: number) => HiddenCells,
): void {
  const extent = extentOf({ images, size: pictures });
  for (let n = 0; n < pictures; n++) {
    const { size, hidden } = of(n);
    if (size === 0) continue;
    const columns = Math.ceil(extent / size);
    hidden.forEach((isHidden, cell) => {
      if (!isHidden) return;
      const [top, left] = [Math.floor(cell / columns) * size, (cell % columns) * size];
      const right = Math.min(extent, left + size);
      for (let y = top; y < Math.min(extent, top + size); y++) {
        const row = (n * extent + y) * extent;
        images.fill(0, 4 * (row + left), 4 * (row + right));
      }
    });
  }
}
