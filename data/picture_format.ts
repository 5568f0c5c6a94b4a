// deno-lint-ignore-file no-control-regex -- files of pictures begin with them
import { UserError } from "../engine/errors.ts";

/** A format of pictures that is read. */
export type PictureFormat = "jpeg" | "png" | "webp";

/** Enough of a file's beginning to know its format. */
export const FORMAT_BYTES = 512;

/** How a kind of file begins, as Latin-1, and what a message calls it. */
type NamedBeginning = readonly [beginning: RegExp, name: string];

/** Pictures of formats that are not read. */
const OTHER_PICTURES: readonly NamedBeginning[] = [
  [/^GIF8/, "a GIF picture: convert it first"],
  [/^BM.{4}\0\0\0\0/s, "a BMP picture: convert it first"],
  [/^(II\x2a\0|MM\0\x2a)/, "a TIFF picture: convert it first"],
  [/^(\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/, "a JPEG 2000 picture: convert it first"],
  [/^(\0\0\0\x0cJXL |\xff\x0a)/, "a JPEG XL picture: convert it first"],
  [/^.{4}ftypavi[fs]/s, "an AVIF picture: convert it first"],
  [/^.{4}ftyp(hei|hev|mif1|msf1)/s, "a HEIC picture: convert it first"],
  [/^8BPS/, "a Photoshop document: convert it first"],
  [/^(\xef\xbb\xbf)?\s*(<\?xml[^]*<svg|(<!--[^]*-->\s*)?<svg|<!doctype svg)/i, "an SVG drawing"],
];

/** Files that are mistaken for pictures. */
const NO_PICTURES: readonly NamedBeginning[] = [
  [/^\x1f\x8b/, "a gzip archive: unpack it first"],
  [/^PK\x03\x04/, "a zip archive: unpack it first"],
  [/^BZh/, "a bzip2 archive: unpack it first"],
  [/^\xfd7zXZ/, "an xz archive: unpack it first"],
  [/^\x28\xb5\x2f\xfd/, "a Zstandard archive: unpack it first"],
  [/^.{257}ustar/s, "a tar archive: unpack it first"],
  [/^.{4}ftyp/s, "a film (MP4 or the like)"],
  [/^%PDF/, "a PDF document"],
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
  const head = latin1(bytes);
  const format = readFormat(head);
  if (format) return format;
  const [, name] = [...OTHER_PICTURES, ...NO_PICTURES]
    .find(([beginning]) => beginning.test(head)) ?? [];
  const found = bytes.length === 0
    ? "is empty"
    : name
    ? `is ${name}`
    : `begins with the bytes ${
      Array.from(bytes.subarray(0, 4), (b) => b.toString(16).padStart(2, "0")).join(" ")
    }`;
  throw new UserError(`${path} is neither a JPEG nor a PNG nor a WebP file: it ${found}`);
}

/** Whether a file is a picture by its first `FORMAT_BYTES`, of a format that is read or another. */
export function beginsAsPicture(bytes: Uint8Array): boolean {
  const head = latin1(bytes);
  return readFormat(head) !== null || OTHER_PICTURES.some(([beginning]) => beginning.test(head));
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, FORMAT_BYTES));
}

function readFormat(head: string): PictureFormat | null {
  if (head.startsWith("\xff\xd8")) return "jpeg";
  if (head.startsWith("\x89PNG")) return "png";
  return /^RIFF.{4}WEBP/s.test(head) ? "webp" : null;
}
