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
  if (expected === null) continue;
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

for (const name of ["jpeg", "jpeg_with_restarts", "png_16_bit"] as const) {
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

Deno.test("a CMYK picture is not called damaged", async () => {
  await refuses(file("jpeg_cmyk"), /^a\/b is a CMYK picture, expected RGB or grey/);
});

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
