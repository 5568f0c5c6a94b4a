import assert from "node:assert/strict";
import { encodeJpeg } from "../../data/codecs.ts";
import { decodeGrey } from "../../data/grey.ts";
import { readOrientation, upright } from "../../data/orientation.ts";
import codecs from "./goldens/codecs.json" with { type: "json" };

/** A picture of letters: every pixel has its letter's code in all channels. */
function picture(...rows: string[]) {
  const codes = [...rows.join("")].flatMap((letter) => new Array(3).fill(letter.charCodeAt(0)));
  return { width: rows[0].length, height: rows.length, data: Uint8Array.from(codes) };
}

Deno.test("the eight EXIF orientations, as Pillow's exif_transpose turns them", () => {
  const rows = ["ab", "cd", "ef"];
  const expected = [
    ["ab", "cd", "ef"],
    ["ba", "dc", "fe"],
    ["fe", "dc", "ba"],
    ["ef", "cd", "ab"],
    ["ace", "bdf"],
    ["eca", "fdb"],
    ["fdb", "eca"],
    ["bdf", "ace"],
  ];
  for (const [i, turned] of expected.entries()) {
    assert.deepEqual(upright(picture(...rows), i + 1), picture(...turned), `orientation ${i + 1}`);
  }
});

Deno.test("JPEG, PNG and WebP files say how they were held", () => {
  for (const { base64, orientation } of codecs.orientations) {
    const bytes = Uint8Array.fromBase64(base64);
    assert.equal(readOrientation(bytes), orientation);
    // Wherever it is cut, there is an answer.
    for (let length = 0; length < bytes.length; length++) {
      assert.ok([1, orientation].includes(readOrientation(bytes.subarray(0, length))));
    }
  }
});

Deno.test("a JPEG file's orientation; files without one, and other files, are upright", async () => {
  // SOI, APP1 with a big-endian TIFF of one entry, orientation 6, EOI.
  const exif = [0x45, 0x78, 0x69, 0x66, 0, 0];
  const tiff = [0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8, 0, 1];
  const entry = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
  const length = 2 + exif.length + tiff.length + entry.length;
  const jpeg = [0xff, 0xd8, 0xff, 0xe1, 0, length, ...exif, ...tiff, ...entry, 0xff, 0xd9];
  assert.equal(readOrientation(Uint8Array.from(jpeg)), 6);
  const photograph = new URL("../goldens/photograph.jpg", import.meta.url);
  assert.equal(readOrientation(await Deno.readFile(photograph)), 1);
  assert.equal(readOrientation(Uint8Array.of(1, 2, 3)), 1);
});

Deno.test("a photograph that is a mask is turned as it says, as OpenCV reads it", async () => {
  const data = Uint8Array.from({ length: 3 * 48 * 16 }, (_, i) => i % (3 * 48) < 72 ? 250 : 5);
  const plain = await encodeJpeg({ width: 48, height: 16, data });
  const exif = Uint8Array.fromHex(
    "ffe100224578696600004d4d002a00000008000101120003000000010006000000000000",
  );
  const turned = Uint8Array.of(...plain.subarray(0, 2), ...exif, ...plain.subarray(2));
  assert.equal(readOrientation(turned), 6);
  const [upright, mask] = await Promise.all([
    decodeGrey(plain, "plain.jpg"),
    decodeGrey(turned, "turned.jpg"),
  ]);
  assert.deepEqual([upright.width, upright.height, mask.width, mask.height], [48, 16, 16, 48]);
  // Orientation 6 is turned clockwise: what was on the left is on top.
  assert.ok(mask.data[0] > 200 && mask.data.at(-1)! < 50);
});
