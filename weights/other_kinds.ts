import { UserError } from "../engine/errors.ts";
import type { ByteSource } from "./byte_source.ts";
import { shown } from "./shown.ts";

/** How files begin that are often met in place of a checkpoint, and what to do. */
const KINDS: readonly (readonly [beginning: RegExp | string, what: string])[] = [
  [
    /^version https:\/\/git-lfs/,
    "is a Git LFS pointer, not the file itself: run git lfs pull in its folder",
  ],
  [
    /^\s*(<!doctype html|<html|<head|<\?xml)/i,
    "is a web page, not a checkpoint: the address it came from shows a page (a warning, a login) " +
    "in place of the file; download it again in a browser",
  ],
  ["\x1f\x8b", "is compressed with gzip: unpack it first (gunzip, or tar xzf if it is a .tar.gz)"],
  [/^BZh\d/, "is compressed with bzip2: unpack it first (bunzip2)"],
  ["\xfd7zXZ\0", "is compressed with xz: unpack it first (unxz)"],
  ["\x28\xb5\x2f\xfd", "is compressed with zstd: unpack it first (unzstd)"],
  ["7z\xbc\xaf\x27\x1c", "is a 7-Zip archive: unpack it first"],
  ["Rar!", "is a RAR archive: unpack it first"],
  ["PK\x05\x06", "is an empty zip"],
  ["\x93NUMPY", "is an array of NumPy, not a checkpoint"],
  ["\x89HDF", "is an HDF5 file (of Keras?): only safetensors and PyTorch's files are read"],
  ["GGUF", "is a GGUF file: only safetensors and PyTorch's files are read"],
  [/^(\x89PNG|\xff\xd8\xff)/, "is a picture, not a checkpoint"],
];

/** Largest JSON that is parsed only to say what it is. */
const MOST_JSON = 2 ** 24;

/**
 * Names a file for what it is when it is certainly no safetensors file.
 *
 * @param head the first bytes, of which there are 512 in a file of that length
 * @throws {UserError} saying what the file is and what to do
 */
export async function refuseOtherKinds(source: ByteSource, head: Uint8Array): Promise<void> {
  const refuse = (what: string): never => {
    throw new UserError(`${source.path} ${what}`);
  };
  if (source.size === 0) refuse("is empty: was a download or copy interrupted?");
  if (beginsAsSafetensors(source.size, head)) return;
  const beginning = String.fromCharCode(...head).replace(/^\xef\xbb\xbf/, "");
  const [, what] =
    KINDS.find(([kind]) =>
      typeof kind === "string" ? beginning.startsWith(kind) : kind.test(beginning)
    ) ?? [];
  if (what) refuse(what);
  if (/^\s*[{[]/.test(beginning)) refuse(await aboutJson(source));
  if (!isText(head)) return;
  const [line] = new TextDecoder().decode(head).trim().split(/\r?\n/);
  refuse(`is text, not a checkpoint: it begins with ${shown(line)}`);
}

/** The length of a header that fits into the file, and the brace with which the header begins. */
export function beginsAsSafetensors(size: number, head: Uint8Array): boolean {
  if (head.length < 9 || head[8] !== 0x7b) return false;
  return new DataView(head.buffer, head.byteOffset).getBigUint64(0, true) <= BigInt(size - 8);
}

/** Shards of a large network come with a table that says which tensor is where. */
async function aboutJson(source: ByteSource): Promise<string> {
  const plain = "is JSON, not a checkpoint";
  if (source.size > MOST_JSON) return plain;
  try {
    const text = new TextDecoder().decode(await source.read(0, source.size));
    const files = [...new Set(Object.values<unknown>(JSON.parse(text).weight_map))];
    if (files.length === 0) return plain;
    return `is the index of a checkpoint in ${files.length} files (${shown(files[0])} is the ` +
      "first) and holds no tensors itself: join these in one .safetensors file first";
  } catch {
    return plain;
  }
}

function isText(head: Uint8Array): boolean {
  // The last character may be cut in two: it is left to the decoder, which waits for the rest.
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    // deno-lint-ignore no-control-regex
    return !/[\x00-\x08\x0e-\x1f\x7f]/.test(text);
  } catch {
    return false;
  }
}
