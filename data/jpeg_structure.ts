import { UserError } from "../engine/errors.ts";

/** Markers between 0xc0 and 0xcf that begin no frame: DHT, JPG and DAC. */
const NOT_FRAMES = [0xc4, 0xc8, 0xcc];

/**
 * What libjpeg says when pixels are lost. It warns of harmless things as well: of unused bytes
 * between segments, or of an unknown revision of JFIF.
 */
export const LOSS = /premature end|bad (Huffman|arithmetic) code|instead of RST/i;

/** What a JPEG file's frame header says. */
export interface JpegFrame {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** 1: grey, 3: colour, 4: CMYK. */
  readonly components: number;
}

/** Whether a marker begins a frame header (ITU-T T.81, annex B). */
export function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && !NOT_FRAMES.includes(marker);
}

/**
 * Reads a frame header.
 *
 * @param bytes ten at least, from its marker on
 * @param path named in messages
 * @throws {UserError} when its picture has no pixels, or ones that nothing here can decode
 */
export function readFrame(bytes: Uint8Array, path: string): JpegFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [height, width, components] = [view.getUint16(5), view.getUint16(7), bytes[9]];
  const fail = (what: string): never => {
    throw new UserError(`${path} cannot be decoded: ${what}`);
  };
  if (bytes[4] !== 8) fail(`its samples have ${bytes[4]} bits, expected 8`);
  if (![1, 3, 4].includes(components)) {
    fail(`it has ${components} components, expected 1 (grey), 3 (colour) or 4 (CMYK)`);
  }
  if (width * height === 0) fail(`its header says ${width} × ${height} pixels`);
  return { width, height, components };
}

/**
 * Follows a JPEG file's markers (ITU-T T.81, annex B) to its end of image, which a file that was
 * cut short lacks: libjpeg would fill the rest with grey.
 *
 * @param path named in messages
 * @throws {UserError} when the file is cut short or holds no picture that can be decoded
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
      if (isFrame(marker) && next >= at + 10) frame = readFrame(bytes.subarray(at, next), path);
      at = next;
    }
  }
  throw new UserError(
    `${path} is damaged: it is cut short, its ${bytes.length} bytes hold no end of image`,
  );
}
