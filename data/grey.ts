import { decodePicture, decodePng16 } from "./codecs.ts";
import { readOrientation, upright } from "./orientation.ts";
import { pictureFormat } from "./picture_format.ts";

/** Weights of red, green and blue in 1/32768, as libpng makes them of 0.299, 0.587 and 0.114. */
const WEIGHTS = [9798, 19235, 3735] as const;

/** A picture of grey levels, `height × width`. */
export interface GreyPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * Decodes a picture to grey as OpenCV's `imread(path, IMREAD_GRAYSCALE)` does, of PNG files of every
 * colour type and depth to the last bit: colours are weighted before 16-bit samples lose their lower
 * 8 bits, and transparency is dropped. (A `gAMA` chunk, which OpenCV heeds for colours, counts for
 * nothing here; of a colour JPEG file a level may differ by one.)
 *
 * @param path named in messages
 * @throws {UserError} when the file is damaged or of another format
 */
export async function decodeGrey(bytes: Uint8Array, path: string): Promise<GreyPicture> {
  // The bit depth stands in a PNG file's header chunk.
  if (pictureFormat(bytes, path) === "png" && bytes[24] === 16) {
    const { width, height, data } = await decodePng16(bytes, path);
    const levels = grey(data, 4, 0x4000);
    return { width, height, data: Uint8Array.from(levels, (level) => level >> 8) };
  }
  const decoded = await decodePicture(bytes, path);
  // OpenCV turns photographs as they say, also when it reads them as masks.
  const isJpeg = pictureFormat(bytes, path) === "jpeg";
  const { width, height, data } = isJpeg ? upright(decoded, readOrientation(bytes)) : decoded;
  return { width, height, data: Uint8Array.from(grey(data, 3, 0)) };
}

/** Weighted sums of interleaved samples; `half` is added before the division by 32768. */
function grey(samples: Uint8Array | Uint16Array, step: number, half: number): Uint16Array {
  const [red, green, blue] = WEIGHTS;
  const levels = new Uint16Array(samples.length / step);
  for (let i = 0, at = 0; i < levels.length; i++, at += step) {
    const sum = red * samples[at] + green * samples[at + 1] + blue * samples[at + 2];
    levels[i] = Math.floor((sum + half) / 0x8000);
  }
  return levels;
}
