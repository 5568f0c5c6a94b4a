import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { decodePicture } from "../../data/codecs.ts";
import { resizeLikePillow } from "../../data/resize.ts";
import golden from "./goldens/codecs.json" with { type: "json" };

type Name = keyof typeof golden.files;

const file = (name: Name) => Uint8Array.fromBase64(golden.files[name].base64);
const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

async function refuses(bytes: Uint8Array, message: RegExp): Promise<void> {
  await assert.rejects(decodePicture(bytes, "a/b"), (error: Error) => {
    assert.equal(error.name, "UserError");
    assert.match(error.message, message);
    return true;
  });
}

for (const name of Object.keys(golden.files) as Name[]) {
  const { sha256: expected } = golden.files[name];
  Deno.test(`${name} has the pixels of its golden`, async () => {
    assert.equal(sha256((await decodePicture(file(name), name)).data), expected);
  });
}

for (const { from: [width, height], to: [toWidth, toHeight], sha256: expected } of golden.resized) {
  Deno.test(`${width}×${height} resized to ${toWidth}×${toHeight} has Pillow's bits`, () => {
    const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
      const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
      return 7 * y * y + 13 * x * y + 29 * c * x;
    });
    const { data: out } = resizeLikePillow({ width, height, data }, toWidth, toHeight);
    assert.equal(sha256(out), expected);
  });
}

for (const name of ["jpeg", "jpeg_with_restarts", "jpeg_ycck", "png_16_bit"] as const) {
  Deno.test(`${name} is refused wherever it is cut`, async () => {
    const whole = file(name);
    for (let length = 8; length < whole.length; length++) {
      await refuses(whole.subarray(0, length), /^a\/b is damaged: it is cut short, its \d+ bytes/);
    }
  });
}

Deno.test("oddities of JPEG files that cost no pixel are read as Pillow reads them", async () => {
  const whole = file("jpeg");
  const oldRevision = whole.slice();
  oldRevision[11] = 0; // "unknown JFIF revision", libjpeg warns
  const odd = {
    "unused bytes before the end": joined(
      whole.subarray(0, -2),
      new Uint8Array(3),
      whole.slice(-2),
    ),
    "bytes after the end": joined(whole, new Uint8Array(9)),
    "an unknown revision": oldRevision,
  };
  for (const [name, bytes] of Object.entries(odd)) {
    const { data } = await decodePicture(bytes, name);
    assert.equal(sha256(data), golden.files.jpeg.sha256, name);
  }
  // libjpeg tells only the first of a file's warnings: the harmless one must not hide the cut.
  await refuses(oldRevision.subarray(0, -100), /is damaged: it is cut short/);
});

Deno.test("a JPEG file that ends before its pixels do is refused", async () => {
  const whole = file("jpeg");
  const early = joined(whole.subarray(0, -60), whole.slice(-2));
  await refuses(early, /^a\/b is damaged: Corrupt JPEG data: premature end of data segment$/);
});

Deno.test("a CMYK file that ends before its pixels do is refused, unused bytes are not", async () => {
  const whole = file("jpeg_cmyk");
  const early = joined(whole.subarray(0, -60), whole.slice(-2));
  await refuses(early, /^a\/b is damaged: Corrupt JPEG data: premature end of data segment$/);
  const odd = joined(whole.subarray(0, -2), new Uint8Array(3), whole.slice(-2), new Uint8Array(9));
  assert.equal(sha256((await decodePicture(odd, "")).data), golden.files.jpeg_cmyk.sha256);
  const quantisation = whole.findIndex((byte, i) => byte === 0xff && whole[i + 1] === 0xdb);
  const without = whole.slice();
  without[quantisation + 1] = 0xec; // a segment of some application
  await refuses(without, /^a\/b is damaged: Quantization table 0x00 was not defined$/);
});

Deno.test("JPEG headers that promise what is never decoded are refused", async () => {
  const changed = (at: number, ...values: number[]) => {
    const bytes = file("jpeg");
    bytes.set(values, at + bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0));
    return bytes;
  };
  await refuses(changed(4, 12), /^a\/b cannot be decoded: its samples have 12 bits, expected 8$/);
  await refuses(changed(5, 0, 0), /^a\/b cannot be decoded: its header says 17 × 0 pixels$/);
  await refuses(changed(9, 2), /^a\/b cannot be decoded: it has 2 components, expected 1/);
});

Deno.test("a WebP file that is cut short, animated or of another kind is refused", async () => {
  for (const name of ["webp", "webp_lossless_alpha"] as const) {
    const whole = file(name);
    for (let length = 16; length < whole.length; length++) {
      await refuses(whole.subarray(0, length), /^a\/b is damaged: it is cut short/);
    }
    const changed = whole.slice();
    changed[15] = 0x41;
    await refuses(
      changed,
      /^a\/b is damaged: its first chunk is "VP8A", expected VP8, VP8L or VP8X$/,
    );
  }
  const animated = joined(file("webp_alpha"));
  assert.equal(String.fromCharCode(...animated.subarray(12, 16)), "VP8X");
  animated[20] |= 0x02;
  await refuses(animated, /^a\/b is an animated WebP file, expected a single picture$/);
});

const OTHERS: [bytes: string | number[], message: RegExp][] = [
  [[0x1f, 0x8b, 8, 0], /it is a gzip archive: unpack it first$/],
  ["GIF89a......", /it is a GIF picture: convert it first$/],
  [[0x42, 0x4d, 70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0], /it is a BMP picture/],
  ["II*\0........", /it is a TIFF picture/],
  ["MM\0*........", /it is a TIFF picture/],
  ["\0\0\0\x18ftypheic\0\0\0\0", /it is a HEIC picture/],
  ["\0\0\0\x18ftypmif1\0\0\0\0heic", /it is a HEIC picture/],
  ["\0\0\0\x18ftypavif\0\0\0\0", /it is an AVIF picture/],
  ["\0\0\0\x18ftypisom\0\0\0\0", /it is a film/],
  ['<svg xmlns="http://www.w3.org/2000/svg">', /it is an SVG drawing$/],
  ['<?xml version="1.0"?>\n<!-- a -->\n<svg width="3">', /it is an SVG drawing$/],
  ["\n<!DOCTYPE html><html>", /it is an HTML page, perhaps a failed download$/],
  ["<HTML><title>404</title>", /it is an HTML page/],
  ["PK\x03\x04", /it is a zip archive/],
  ["version https://git-lfs.github.com/spec/v1\noid", /it is a Git LFS pointer: fetch/],
  ["\0\x05\x16\x07\0\x02", /it is a file of attributes that macOS made, not the picture$/],
  ["\0".repeat(4096), /it is nothing but zeros$/],
  ["", /it is empty$/],
  ["RIFF....WAVE", /it begins with the bytes 52 49 46 46$/],
  ["BMW is a car", /it begins with the bytes 42 4d 57 20$/],
];

for (const [contents, message] of OTHERS) {
  const bytes = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
  const start = JSON.stringify(String.fromCharCode(...bytes)).slice(0, 40);
  Deno.test(`what begins with ${start} is named for what it is`, async () => {
    const beginning = "^a/b is neither a JPEG nor a PNG nor a WebP file: ";
    await refuses(Uint8Array.from(bytes), new RegExp(beginning + message.source));
  });
}

Deno.test("a flipped bit anywhere in a PNG file's pixels is noticed", async () => {
  const whole = file("png_16_bit");
  const pixels = 8 + 25 + 8; // after signature, header chunk, length and type
  for (let at = pixels; at < whole.length - 16; at++) {
    const flipped = whole.slice();
    flipped[at] ^= 1;
    await refuses(flipped, /^a\/b is damaged: the checksum of its IDAT chunk at byte 33 is wrong$/);
  }
});

Deno.test("a PNG file without pixels is refused", async () => {
  const whole = file("png_16_bit");
  await refuses(joined(whole.subarray(0, 33), whole.slice(-12)), /pixels cannot be decoded$/);
  await refuses(joined(whole.subarray(0, 8), whole.slice(-12)), /it has no header chunk$/);
});

Deno.test("a header that asks for gigabytes is refused before anything is decoded", async () => {
  const huge = file("jpeg");
  const frame = huge.findIndex((byte, i) => byte === 0xff && huge[i + 1] === 0xc0);
  huge.fill(0xf0, frame + 5, frame + 9);
  await refuses(huge, /^a\/b says it has 61680 × 61680 pixels, expected at most 178956970 in all$/);
});
