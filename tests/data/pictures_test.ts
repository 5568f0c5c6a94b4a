import assert from "node:assert/strict";
import { decodePicture, encodeJpeg, encodePng } from "../../data/codecs.ts";
import { resizeLikePillow } from "../../data/resize.ts";
import { IMAGENET_DEVIATION, IMAGENET_MEAN, writeNormalised } from "../../data/transform.ts";
import { decodeSafetensors } from "../../weights/safetensors.ts";

const url = new URL("../goldens/pictures.safetensors", import.meta.url);
const { tensors: golden } = await decodeSafetensors(
  await Deno.readFile(url),
  "pictures.safetensors",
);
const bytes = (name: string) => Uint8Array.from(golden.get(name)!.data);
const names = [...golden.keys()].filter((name) => name.endsWith("/file"))
  .map((name) => name.slice(0, -"/file".length));

for (const name of names) {
  Deno.test(`decoding ${name} gives Pillow's pixels`, async () => {
    const picture = await decodePicture(bytes(`${name}/file`), name);
    const [height, width] = golden.get(`${name}/pixels`)!.shape;
    assert.deepEqual([picture.height, picture.width], [height, width]);
    assert.deepEqual(picture.data, bytes(`${name}/pixels`));
  });
}

for (const name of [...golden.keys()].filter((name) => name.startsWith("resize_"))) {
  Deno.test(`${name.slice(0, -"/pixels".length)} is Pillow's to the last bit`, () => {
    const [h, w] = golden.get("source/pixels")!.shape;
    const [height, width] = golden.get(name)!.shape;
    const source = { height: h, width: w, data: bytes("source/pixels") };
    assert.deepEqual(resizeLikePillow(source, width, height).data, bytes(name));
  });
}

for (const name of ["jpeg", "jpeg_progressive_420", "png", "png_palette"]) {
  for (const share of [0.02, 0.4, 0.9]) {
    Deno.test(`${name} cut to ${100 * share} % is refused by name`, async () => {
      const file = bytes(`${name}/file`);
      const cut = file.subarray(0, Math.floor(share * file.length));
      await assert.rejects(decodePicture(cut, "a/b.jpg"), /^UserError: a\/b\.jpg is damaged: ./);
    });
  }
}

Deno.test("a damaged picture does not spoil the next one", async () => {
  const file = bytes("jpeg/file");
  await assert.rejects(decodePicture(file.subarray(0, 500), "cut.jpg"));
  assert.deepEqual((await decodePicture(file, "whole.jpg")).data, bytes("jpeg/pixels"));
});

Deno.test("pictures decoded at the same time keep their own warnings", async () => {
  const file = bytes("jpeg/file");
  const files = [file, file.subarray(0, 500), file, file.subarray(0, 700), file];
  const results = await Promise.allSettled(files.map((f) => decodePicture(f, "x")));
  const expected = ["fulfilled", "rejected", "fulfilled", "rejected", "fulfilled"];
  assert.deepEqual(results.map(({ status }) => status), expected);
});

Deno.test("files of other kinds are refused by name", async () => {
  await assert.rejects(decodePicture(new Uint8Array(), "x"), /neither a JPEG nor a PNG .* empty/);
  const gif = new TextEncoder().encode("GIF89a");
  await assert.rejects(decodePicture(gif, "x"), /is a GIF picture/);
});

Deno.test("PNG keeps every pixel, JPEG nearly", async () => {
  const picture = { width: 37, height: 41, data: bytes("png/pixels") };
  const png = await decodePicture(await encodePng(picture), "png");
  assert.deepEqual(png.data, picture.data);
  const jpeg = await decodePicture(await encodeJpeg(picture, 95), "jpeg");
  const error = jpeg.data.reduce((sum, v, i) => sum + Math.abs(v - picture.data[i]), 0);
  assert.ok(error / picture.data.length < 12);
});

Deno.test("normalising cuts, mirrors, scales and pads", () => {
  const data = Uint8Array.from({ length: 4 * 4 * 3 }, (_, i) => i);
  const out = new Float32Array(2 * 2 * 4).fill(9);
  const augmentation = { top: 1, left: 2, mirror: true };
  writeNormalised({ width: 4, height: 4, data }, 2, out, 0, augmentation);
  // Pixel (row 1, column 3) comes first in the mirrored cut.
  const first = 3 * (4 + 3);
  for (let c = 0; c < 3; c++) {
    const expected = ((first + c) / 255 - IMAGENET_MEAN[c]) / IMAGENET_DEVIATION[c];
    assert.ok(Math.abs(out[c] - expected) < 1e-6);
  }
  for (let i = 3; i < out.length; i += 4) assert.equal(out[i], 0);
});
