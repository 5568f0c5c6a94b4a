/** How files begin that are mistaken for checkpoints, as Latin-1, and what they are. */
const KINDS: readonly (readonly [beginning: RegExp, kind: string])[] = [
  [/^$/, "is empty"],
  [/^version https:\/\/git-lfs/, 'is a Git LFS pointer: fetch the file itself with "git lfs pull"'],
  [/^\s*<(!doctype|html|head|\?xml)/i, "is an HTML page, perhaps of a download that failed"],
  [/^\x1f\x8b/, "is a gzip archive: unpack it first"],
  [/^BZh/, "is a bzip2 archive: unpack it first"],
  [/^\xfd7zXZ/, "is an xz archive: unpack it first"],
  [/^\x28\xb5\x2f\xfd/, "is a Zstandard archive: unpack it first"],
  [/^\x89HDF/, "is an HDF5 file, as Keras writes, not one of PyTorch"],
  [/^GGUF/, "is a GGUF file of a language model"],
  [/^\x93NUMPY/, "is a NumPy array"],
  [/^\0+$/, "holds nothing but zeros"],
  [
    /^\s*\{[^]*"weight_map"/,
    "is the index of a model that lies in several files: put them into one first",
  ],
  [/^\s*[{[]/, "is JSON"],
  [/^[\t\n\r -~]{16}/, "is a text"],
];

/**
 * What a file is that is no checkpoint, for messages; null where its beginning says nothing.
 *
 * @param head the first bytes, some hundred of them
 */
export function fileKind(head: Uint8Array): string | null {
  const text = Array.from(head, (byte) => String.fromCharCode(byte)).join("");
  return KINDS.find(([beginning]) => beginning.test(text))?.[1] ?? null;
}
