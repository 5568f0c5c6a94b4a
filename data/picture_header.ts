import { UserError } from "../engine/errors.ts";
import { reasonOf } from "../engine/reason.ts";
import { isFrame, readFrame } from "./jpeg_structure.ts";
import { FORMAT_BYTES, pictureFormat } from "./picture_format.ts";
import { readWebpHeader, WEBP_HEADER } from "./webp_structure.ts";

/** Extents that a picture file's header promises, in pixels. */
export interface Extents {
  readonly width: number;
  readonly height: number;
}

/** Whether two pictures have the same form up to two percent, whatever their sizes. */
export function haveSameForm(a: Extents, b: Extents): boolean {
  const [one, other] = [a.width * b.height, b.width * a.height];
  return Math.abs(one - other) <= 0.02 * Math.max(one, other);
}

/** Read at once: most headers lie in it. */
const CHUNK = 4096;

/**
 * The extents of a JPEG, PNG or WebP file, from its header alone. Of long files only the beginning is
 * read, and the parts that follow comments and colour profiles.
 *
 * @throws {UserError} when it cannot be read, is of another format, or has no header that promises a
 * picture that can be decoded
 */
export async function readPictureHeader(path: string): Promise<Extents> {
  try {
    using file = await Deno.open(path);
    const head = new Chunks(file);
    const bytes = await head.at(0, FORMAT_BYTES);
    const format = pictureFormat(bytes, path);
    if (format === "jpeg") return await jpegExtents(head, path);
    if (format === "webp") return readWebpHeader(await head.at(0, WEBP_HEADER), path);
    return pngExtents(bytes, path);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

/** A file of which a part is kept. */
class Chunks {
  #file: Deno.FsFile;
  #start = 0;
  #bytes = new Uint8Array();

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Bytes from a position on; fewer where the file ends. */
  async at(start: number, count: number): Promise<Uint8Array> {
    if (start < this.#start || start + count > this.#start + this.#bytes.length) {
      if (start > 0) await this.#file.seek(start, Deno.SeekMode.Start);
      const bytes = new Uint8Array(CHUNK);
      let length = 0;
      while (length < count) {
        const read = await this.#file.read(bytes.subarray(length));
        if (!read) break;
        length += read;
      }
      [this.#start, this.#bytes] = [start, bytes.subarray(0, length)];
    }
    return this.#bytes.subarray(start - this.#start, start - this.#start + count);
  }
}

/** Follows the segments of a JPEG file (ITU-T T.81, annex B) to its frame header. */
async function jpegExtents(file: Chunks, path: string): Promise<Extents> {
  for (let at = 2;;) {
    const bytes = await file.at(at, 10);
    if (bytes.length < 10 || bytes[0] !== 0xff) {
      throw new UserError(`${path} is damaged: it has no header of a JPEG picture`);
    }
    if (isFrame(bytes[1])) return readFrame(bytes, path);
    at += bytes[1] === 0xff ? 1 : 2 + 256 * bytes[2] + bytes[3];
  }
}

function pngExtents(bytes: Uint8Array, path: string): Extents {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Signature, length and name of the header chunk, then what it says.
  const isHeader = bytes.length >= 33 && view.getUint32(12) === 0x49484452;
  const [width, height] = isHeader ? [view.getUint32(16), view.getUint32(20)] : [0, 0];
  if (width * height > 0) return { width, height };
  throw new UserError(`${path} is damaged: it has no header of a PNG picture`);
}
