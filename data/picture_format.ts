// deno-lint-ignore-file no-control-regex -- files of pictures begin with them
import { UserError } from "../engine/errors.ts";

/** A format of pictures that is read. */
export type PictureFormat = "jpeg" | "png" | "webp";

/** Enough of a file's beginning to know its format. */
export const FORMAT_BYTES = 512;

/** How files begin that are mistaken for pictures, as Latin-1, and what a message calls them. */
const OTHERS: readonly (readonly [beginning: RegExp, name: string])[] = [
  [/^\x1f\x8b/, "a gzip archive: unpack it first"],
  [/^PK\x03\x04/, "a zip archive: unpack it first"],
  [/^BZh/, "a bzip2 archive: unpack it first"],
  [/^\xfd7zXZ/, "an xz archive: unpack it first"],
  [/^\x28\xb5\x2f\xfd/, "a Zstandard archive: unpack it first"],
  [/^.{257}ustar/s, "a tar archive: unpack it first"],
  [/^GIF8/, "a GIF picture: convert it first"],
  [/^BM.{4}\0\0\0\0/s, "a BMP picture: convert it first"],
  [/^(II\x2a\0|MM\0\x2a)/, "a TIFF picture: convert it first"],
  [/^(\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/, "a JPEG 2000 picture: convert it first"],
  [/^(\0\0\0\x0cJXL |\xff\x0a)/, "a JPEG XL picture: convert it first"],
  [/^.{4}ftypavi[fs]/s, "an AVIF picture: convert it first"],
  [/^.{4}ftyp(hei|hev|mif1|msf1)/s, "a HEIC picture: convert it first"],
  [/^.{4}ftyp/s, "a film (MP4 or the like)"],
  [/^8BPS/, "a Photoshop document: convert it first"],
  [/^%PDF/, "a PDF document"],
  [/^(\xef\xbb\xbf)?\s*(<\?xml[^]*<svg|(<!--[^]*-->\s*)?<svg|<!doctype svg)/i, "an SVG drawing"],
  [/^(\xef\xbb\xbf)?\s*<(!doctype html|html|head)/i, "an HTML page, perhaps a failed download"],
  [/^version https:\/\/git-lfs/, 'a Git LFS pointer: fetch the file with "git lfs pull"'],
  [/^\0\x05\x16\x07/, "a file of attributes that macOS made, not the picture"],
  [/^\x93NUMPY/, "a NumPy array"],
  [/^\0+$/, "nothing but zeros"],
];

/**
 * The format of a picture file by its first bytes, whatever its name says.
 *
 * @param bytes the file, or the first `FORMAT_BYTES` of it
 * @param path named in messages
 * @throws {UserError} when it is none that is read, naming what it is
 */
export function pictureFormat(bytes: Uint8Array, path: string): PictureFormat {
  const head = String.fromCharCode(...bytes.subarray(0, FORMAT_BYTES));
  if (head.startsWith("\xff\xd8")) return "jpeg";
  if (head.startsWith("\x89PNG")) return "png";
  if (/^RIFF.{4}WEBP/s.test(head)) return "webp";
  const [, name] = OTHERS.find(([beginning]) => beginning.test(head)) ?? [];
  const found = bytes.length === 0
    ? "is empty"
    : name
    ? `is ${name}`
    : `begins with the bytes ${
      Array.from(bytes.subarray(0, 4), (b) => b.toString(16).padStart(2, "0")).join(" ")
    }`;
  throw new UserError(`${path} is neither a JPEG nor a PNG nor a WebP file: it ${found}`);
}
