import { UserError } from "../engine/errors.ts";

/** Markers between 0xc0 and 0xcf that begin no frame: DHT, JPG and DAC. */
const NOT_FRAMES = [0xc4, 0xc8, 0xcc];

/** What a JPEG file's frame header says. */
export interface JpegFrame {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** 1: grey, 3: colour, 4: CMYK. */
  readonly components: number;
}

/**
 * Follows a JPEG file's markers (ITU-T T.81, annex B) to its end of image, which a file that was
 * cut short lacks: libjpeg would fill the rest with grey.
 *
 * @param path named in messages
 * @throws {UserError} when the file is cut short or holds no picture
 */
export function readJpegStructure(bytes: Uint8Array, path: string): JpegFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let frame: JpegFrame | undefined;
  let at = 2;
  while ((at = bytes.indexOf(0xff, at)) >= 0 && at + 1 < bytes.length) {
    const marker = bytes[at + 1];
    if (marker === 0xd9) {
      if (frame) return frame;
      throw new UserError(`${path} is damaged: it holds no picture`);
    }
    if (marker === 0xff) at++; // Filling before a marker.
    else if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2; // A 0xff among compressed data, or a restart: no length follows.
    } else {
      const next = at + 4 > bytes.length ? Infinity : at + 2 + view.getUint16(at + 2);
      if (next > bytes.length) break;
      const isFrame = marker >= 0xc0 && marker <= 0xcf && !NOT_FRAMES.includes(marker);
      if (isFrame && next >= at + 10) {
        frame = {
          height: view.getUint16(at + 5),
          width: view.getUint16(at + 7),
          components: bytes[at + 9],
        };
      }
      at = next;
    }
  }
  throw new UserError(
    `${path} is damaged: it is cut short, its ${bytes.length} bytes hold no end of image`,
  );
}
