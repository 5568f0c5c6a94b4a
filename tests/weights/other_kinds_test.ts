import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { bytesSource } from "../../weights/byte_source.ts";
import { readStateFile } from "../../weights/state_file.ts";

const text = (value: string) => new TextEncoder().encode(value);
const LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:aaaa\nsize 102530333\n";
const SHARDS = JSON.stringify(
  {
    metadata: { total_size: 1 },
    weight_map: { a: "model-00001-of-00002.safetensors", b: "model-00002-of-00002.safetensors" },
  },
  null,
  2,
);
// Its first eight bytes are a length that a large file has.
const gzipped = new Uint8Array(700_000);
gzipped.set(gzipSync(text("x")));

const KINDS: [name: string, bytes: Uint8Array, message: RegExp][] = [
  ["nothing", new Uint8Array(), /is empty: was a download or copy interrupted\?$/],
  ["a Git LFS pointer", text(LFS), /is a Git LFS pointer, not the file itself: run git lfs pull/],
  ["a web page", text("<!DOCTYPE html><html>Virus scan warning</html>"), /is a web page, not a ch/],
  ["a web page behind blanks", text("\ufeff\n <HTML lang=en>"), /is a web page, not a checkpoint/],
  ["an error of a store", text('<?xml version="1.0"?><Error/>'), /is a web page, not a checkpoint/],
  [
    "gzip",
    gzipSync(text("a checkpoint")),
    /is compressed with gzip: unpack it first \(gunzip, or t/,
  ],
  ["a large gzip", gzipped, /is compressed with gzip/],
  ["bzip2", text("BZh91AY&SY12345678"), /is compressed with bzip2: unpack it first/],
  ["xz", Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4), /is compressed with xz: unpack it/],
  ["zstd", Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0), /is compressed with zstd: unpack/],
  ["an index of shards", text(SHARDS), /is the index of a checkpoint in 2 files \("model-00001-of/],
  ["other JSON", text('{"architectures": ["ResNet"]}'), /is JSON, not a checkpoint/],
  ["JSON that is cut off", text('{"weight_map": {"a": "mod'), /is JSON, not a checkpoint/],
  ["nested JSON", text("[".repeat(200_000)), /is JSON, not a checkpoint/],
  ["JSON of an odd index", text('{"weight_map": 3}'), /is JSON, not a checkpoint/],
  [
    "a message",
    text("Entry not found"),
    /is text, not a checkpoint: it begins with "Entry not fou/,
  ],
  ["lines", text("# Model\n\nWeights"), /is text, not a checkpoint: it begins with "# Model"/],
  ["text with letters cut in two", text("é".repeat(300)), /is text, not a checkpoint/],
  [
    "a picture",
    Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49),
    /is a picture, not/,
  ],
  [
    "an array of NumPy",
    Uint8Array.of(0x93, ...text("NUMPY\x01\0v")),
    /is an array of NumPy, not a/,
  ],
  ["an empty zip", Uint8Array.of(0x50, 0x4b, 5, 6, ...new Uint8Array(18)), /is an empty zip/],
  [
    "a pickle of another program",
    Uint8Array.of(0x80, 4, 0x4e, 0x2e),
    /not begin with PyTorch's num/,
  ],
  ["numbers", Uint8Array.of(1, 2, 3), /is not a valid safetensors file: it has 3 bytes/],
];
for (const [name, bytes, message] of KINDS) {
  Deno.test(`in place of a checkpoint, ${name} is named for what it is`, async () => {
    await assert.rejects(readStateFile(bytesSource(bytes, "dir/f.pth")), (error: Error) => {
      assert.equal(error.name, "UserError", String(error.stack));
      assert.match(error.message, /^dir\/f\.pth /);
      assert.match(error.message, message);
      assert.ok(!error.message.includes("\n"));
      return true;
    });
  });
}
