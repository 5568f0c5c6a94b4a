import { crc32 } from "node:zlib";
import { UserError } from "../engine/errors.ts";

/**
 * Follows a PNG file's chunks (PNG specification, section 5) to its end, and checks their
 * checksums: the decoder does not look at those of the pixels.
 *
 * @param path named in messages
 * @returns the extents that its header promises
 * @throws {UserError} when the file is cut short or a checksum is wrong
 */
export function readPngStructure(
  bytes: Uint8Array,
  path: string,
): { readonly width: number; readonly height: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let extents: { width: number; height: number } | undefined;
  let at = 8;
  while (at + 12 <= bytes.length) {
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) break;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    // A lower-case initial marks what a decoder may leave out, such as comments.
    const isCritical = (bytes[at + 4] & 0x20) === 0;
    if (isCritical && crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end)) {
      throw new UserError(
        `${path} is damaged: the checksum of its ${type} chunk at byte ${at} is wrong`,
      );
    }
    if (type === "IHDR" && length === 13) {
      extents = { width: view.getUint32(at + 8), height: view.getUint32(at + 12) };
    }
    if (type === "IEND") {
      if (extents) return extents;
      throw new UserError(`${path} is damaged: it has no header chunk`);
    }
    at = end + 4;
  }
  throw new UserError(
    `${path} is damaged: it is cut short, its ${bytes.length} bytes hold no end chunk`,
  );
}
