import exifr from "exifr";
import type { Picture } from "./dataset.ts";

/**
 * The EXIF orientation of a picture file, 1 to 8; 1 (upright) where it says nothing.
 *
 * Cameras write pictures as the sensor lies and note how they were held. PyTorch pipelines ignore
 * that, and so do the data sets here; a person who asks about a photograph means it upright.
 */
export async function readOrientation(bytes: Uint8Array): Promise<number> {
  const found = await exifr.orientation(bytes).catch(() => undefined);
  return found !== undefined && found >= 1 && found <= 8 ? found : 1;
}

/** Turns and mirrors a picture upright (EXIF 2.32, tag 0x0112). */
export function upright(picture: Picture, orientation: number): Picture {
  if (orientation === 1) return picture;
  const { width, height, data } = picture;
  const turned = orientation >= 5;
  const [w, h] = turned ? [height, width] : [width, height];
  const out = new Uint8Array(data.length);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      // Where a pixel of the upright picture lies in the file's.
      let [sx, sy] = turned ? [y, x] : [x, y];
      if ([2, 3, 7, 8].includes(orientation)) sx = width - 1 - sx;
      if ([3, 4, 6, 7].includes(orientation)) sy = height - 1 - sy;
      const from = 3 * (sy * width + sx);
      out.set(data.subarray(from, from + 3), 3 * (y * w + x));
    }
  }
  return { width: w, height: h, data: out };
}
