import type { Picture } from "./dataset.ts";

/** The tag of the orientation (EXIF 2.32). */
const ORIENTATION = 0x0112;

/**
 * The EXIF orientation of a JPEG, PNG or WebP file, 1 to 8; 1 (upright) where it says nothing.
 *
 * Cameras write pictures as the sensor lies and note how they were held. PyTorch pipelines ignore
 * that, and so do the data sets here; a person who asks about a photograph means it upright.
 */
export function readOrientation(bytes: Uint8Array): number {
  try {
    for (const data of exifData(bytes)) {
      const found = orientationOf(data);
      if (found >= 1 && found <= 8) return found;
    }
  } catch (error) {
    // Data about a picture that end too early say nothing.
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}

/** The EXIF data of a file, TIFF structures. */
function* exifData(bytes: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number, length: number) =>
    String.fromCharCode(...bytes.subarray(at, at + length));
  if (view.getUint16(0) === 0xffd8) {
    // Segments, up to the compressed data (ITU-T T.81, annex B).
    for (let at = 2; bytes[at] === 0xff && bytes[at + 1] !== 0xda;) {
      const length = bytes[at + 1] === 0xff ? -1 : view.getUint16(at + 2);
      if (bytes[at + 1] === 0xe1 && text(at + 4, 6) === "Exif\0\0") {
        yield bytes.subarray(at + 10, at + 2 + length);
      }
      at += 2 + length;
    }
  } else if (text(0, 4) === "\x89PNG") {
    for (let at = 8; at < bytes.length; at += 12 + view.getUint32(at)) {
      if (text(at + 4, 4) === "eXIf") yield bytes.subarray(at + 8, at + 8 + view.getUint32(at));
    }
  } else if (text(0, 4) === "RIFF") {
    for (let at = 12; at < bytes.length;) {
      const length = view.getUint32(at + 4, true);
      const start = at + (text(at + 8, 6) === "Exif\0\0" ? 14 : 8);
      if (text(at, 4) === "EXIF") yield bytes.subarray(start, at + 8 + length);
      at += 8 + length + length % 2;
    }
  }
}

/** The orientation that a TIFF structure's first directory gives; 0 where it gives none. */
function orientationOf(tiff: Uint8Array): number {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const isLittle = view.getUint16(0) === 0x4949;
  if (view.getUint16(2, isLittle) !== 42) return 0;
  const directory = view.getUint32(4, isLittle);
  const count = view.getUint16(directory, isLittle);
  for (let at = directory + 2; at < directory + 2 + 12 * count; at += 12) {
    if (view.getUint16(at, isLittle) === ORIENTATION) return view.getUint16(at + 8, isLittle);
  }
  return 0;
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
