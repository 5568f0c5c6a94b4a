import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { encodePng } from "../../../data/codecs.ts";
import { readSegmentation } from "../../../data/cub_annotations.ts";
import { decodeGrey } from "../../../data/grey.ts";
import { nearestPixels, objectMask, SIDE } from "../../../eval/measures/wsol/object_mask.ts";
import { withFolder, write } from "../../data/wsol_folder.ts";
import golden from "../goldens/masks.json" with { type: "json" };

for (const [name, { file, shape, levels }] of Object.entries(golden.grey)) {
  Deno.test(`a mask in ${name} has OpenCV's grey levels`, async () => {
    const { width, height, data } = await decodeGrey(Uint8Array.fromBase64(file), name);
    assert.deepEqual([height, width], shape);
    assert.deepEqual(data, Uint8Array.fromBase64(levels));
  });
}

Deno.test("masks of every width from 1 to 1200 are shrunk or stretched as by OpenCV", () => {
  const widths = Array.from({ length: 1200 }, (_, i) => i + 1);
  const columns = widths.flatMap((width) => [...nearestPixels(width)]);
  const bytes = new Uint8Array(Uint16Array.from(columns).buffer);
  assert.equal(createHash("sha256").update(bytes).digest("hex"), golden.nearest.sha256);
  const exact = (width: number, i: number) => Math.floor(i * width / SIDE);
  const differ = widths.filter((width) =>
    nearestPixels(width).some((x, i) => x !== exact(width, i))
  );
  assert.equal(differ.length, golden.nearest.differ);
});

/** A PNG file of one colour, with others at some places. */
async function png(
  width: number,
  height: number,
  colour: readonly number[],
  others: Readonly<Record<number, readonly number[]>> = {},
): Promise<Uint8Array> {
  const pixels = Array.from({ length: width * height }, (_, i) => others[i] ?? colour);
  return await encodePng({ width, height, data: Uint8Array.from(pixels.flat()) });
}

const PLACE = { boxes: [], masks: [] as string[], ignore: null, size: null };
const BLACK = [0, 0, 0];

async function inside(masks: Record<string, Uint8Array>): Promise<number> {
  let count = 0;
  await withFolder(masks, async (root) => {
    const mask = await objectMask({ ...PLACE, masks: Object.keys(masks) }, root);
    count = mask.inside.reduce((sum, on) => sum + on, 0);
  });
  return count;
}

Deno.test("masks of any colour count, as far as their grey level is not 0", async () => {
  for (const colour of [[255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 9], [4, 0, 0], [0, 2, 0]]) {
    const half = await png(2, 1, BLACK, { 0: colour });
    assert.equal(await inside({ "a.png": half }), SIDE * SIDE / 2, `${colour}`);
  }
  // 0.114 · 8 < 1, 0.299 · 3 < 1, 0.587 · 1 < 1
  for (const colour of [[0, 0, 8], [3, 0, 0], [0, 1, 0]]) {
    await assert.rejects(png(2, 1, colour).then((file) => inside({ "a.png": file })), /no pixel/);
  }
});

Deno.test("masks that mark nothing are refused, an empty one among others is not", async () => {
  const black = await png(3, 3, BLACK);
  const white = await png(3, 3, [255, 255, 255]);
  const refuses = (masks: Record<string, Uint8Array>, message: RegExp) =>
    assert.rejects(inside(masks), { name: "UserError", message });
  await refuses({ "a.png": black }, /\/a\.png marks no pixel, expected a mask with some that are/);
  await refuses(
    { "a.png": black, "b.png": black },
    /\/a\.png and 1 more masks of the same picture mark no pixel/,
  );
  assert.equal(await inside({ "a.png": black, "b.png": white }), SIDE * SIDE);
  // One pixel of 448 × 448 that falls between those of the map is lost, as in the benchmark.
  assert.equal(await inside({ "a.png": await png(448, 448, BLACK, { 1: [255, 255, 255] }) }), 0);
});

Deno.test("boxes are cut at the edges of the map, and refused where nothing is left", async () => {
  const count = async (...boxes: [number, number, number, number][]) => {
    const mask = await objectMask({ ...PLACE, boxes, size: [224, 224] }, "");
    return mask.inside.reduce((sum, on) => sum + on, 0);
  };
  assert.equal(await count([-20, -10, 9, 4]), 10 * 5);
  assert.equal(await count([220, 100, 300, 101]), 4 * 2);
  assert.equal(await count([-20, 0, -10, 4], [0, 0, 0, 0]), 1);
  await assert.rejects(count([-20, 0, -10, 4]), {
    name: "UserError",
    message: "The boxes [-20,0,-10,4] lie outside of their picture, which is 224 × 224",
  });
});

Deno.test("segmentations of any colour count", async () => {
  await withFolder({}, async (root) => {
    await write(root, { "segmentations/a/b.png": await png(2, 1, BLACK, { 1: [0, 0, 255] }) });
    const { width, height, data } = await readSegmentation(root, join("a", "b.jpg"));
    assert.deepEqual([width, height, ...data], [2, 1, 0, 0, 0, 29, 29, 29]);
  });
});
