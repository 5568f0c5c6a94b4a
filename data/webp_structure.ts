import { UserError } from "../engine/errors.ts";

/** Extents of a WebP picture, and where its file should end. */
export interface WebpHeader {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** In bytes. */
  readonly fileLength: number;
}

/** Bytes that hold the header of every kind. */
export const WEBP_HEADER = 30;

/**
 * Reads the header of a WebP file (its container specification and RFC 6386, section 9.1).
 *
 * @param bytes the file, or the first `WEBP_HEADER` of it
 * @param path named in messages
 * @throws {UserError} when it is cut short, animated or of no known kind
 */
export function readWebpHeader(bytes: Uint8Array, path: string): WebpHeader {
  const fail = (what: string): never => {
    throw new UserError(`${path} ${what}`);
  };
  if (bytes.length < WEBP_HEADER) fail("is damaged: it is cut short in its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fileLength = 8 + view.getUint32(4, true);
  const kind = String.fromCharCode(...bytes.subarray(12, 16));
  if (kind === "VP8X") {
    if (bytes[20] & 0x02) fail("is an animated WebP file, expected a single picture");
    const extent = (at: number) => 1 + view.getUint16(at, true) + 0x10000 * bytes[at + 2];
    return { width: extent(24), height: extent(27), fileLength };
  }
  if (kind === "VP8L") {
    const bits = view.getUint32(21, true);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff), fileLength };
  }
  if (kind !== "VP8 ") fail(`is damaged: its first chunk is "${kind}", expected VP8, VP8L or VP8X`);
  const [width, height] = [26, 28].map((at) => view.getUint16(at, true) & 0x3fff);
  return { width, height, fileLength };
}

/**
 * The header of a whole WebP file.
 *
 * @param path named in messages
 * @throws {UserError} as `readWebpHeader`, and when its end is missing
 */
export function readWebpStructure(bytes: Uint8Array, path: string): WebpHeader {
  const header = readWebpHeader(bytes, path);
  if (header.fileLength <= bytes.length) return header;
  throw new UserError(
    `${path} is damaged: it is cut short, it has ${bytes.length} of ${header.fileLength} bytes`,
  );
}
