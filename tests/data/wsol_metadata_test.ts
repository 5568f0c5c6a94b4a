import assert from "node:assert/strict";
import { loadWsol } from "../../data/wsol_dataset.ts";
import { type Localization, readWsolMetadata } from "../../data/wsol_metadata.ts";
import { type Files, ilsvrcFiles, withFolder, write } from "./wsol_folder.ts";

type Places = Record<string, Localization>;

/** What the lists say; `sizes` stands for 24 × 20 of every id where it is left out. */
async function read(ids: string, localization: string, sizes?: string): Promise<Places> {
  const files = {
    "image_ids.txt": ids,
    "image_sizes.txt": sizes ??
      ids.split("\n").filter(Boolean).map((id) => `${id},24,20`).join("\n"),
    "localization.txt": localization,
  };
  let places: Places = {};
  await withFolder(files, async (root) => {
    places = Object.fromEntries(await readWsolMetadata(root));
  });
  return places;
}

const BOX: Localization = { boxes: [[1, 2, 3, 4]], masks: [], ignore: null, size: [24, 20] };

Deno.test("ids may have commas and spaces, and begin as other ids", async () => {
  const ids = ["val/c, d é 1.JPEG", "val/c", "val/c,1,2", "a b.jpg", ",x.jpg"];
  const places = await read(ids.join("\n"), ids.map((id) => `${id},1,2,3,4`).join("\n"));
  assert.deepEqual(places, Object.fromEntries(ids.map((id) => [id, BOX])));
});

Deno.test("masks may have commas, too", async () => {
  const masked = (mask: string, ignore: string | null): Localization => ({
    boxes: [],
    masks: [mask],
    ignore,
    size: [24, 20],
  });
  const places = await read(
    "a,b.jpg\nc.jpg\nd.jpg\ne.jpg",
    "a,b.jpg,a,b_m.png,a,b_ignore.png\nc.jpg,c,m.png,\nd.jpg,d.png\ne.jpg, e.png, i.png",
  );
  assert.deepEqual(places, {
    "a,b.jpg": masked("a,b_m.png", "a,b_ignore.png"),
    "c.jpg": masked("c,m.png", null),
    "d.jpg": masked("d.png", null),
    "e.jpg": masked("e.png", "i.png"),
  });
});

Deno.test("byte order marks, carriage returns and missing last newlines change nothing", async () => {
  const plain = await ilsvrcFiles();
  const folder = "metadata/ILSVRC/test";
  const odd: Files = Object.fromEntries(
    Object.entries(plain).filter(([name]) => name.startsWith("metadata")).map(([name, text]) => [
      name,
      `\ufeff${(text as string).replaceAll("\n", "\r\n")}`,
    ]),
  );
  const all = async (root: string) => {
    const { train, test, val } = await loadWsol(root, "ILSVRC");
    const parts = [train, val!, test].map(({ ids, labels }) => [ids, [...labels]]);
    return [parts, [...await readWsolMetadata(`${root}/${folder}`)]];
  };
  await withFolder(plain, async (root) => {
    const expected = await all(root);
    await write(root, odd);
    assert.deepEqual(await all(root), expected);
  });
});

Deno.test("a list in UTF-16 is named", async () => {
  await withFolder({ "image_ids.txt": Uint8Array.of(0xff, 0xfe, 97, 0) }, async (root) => {
    const message = `${root}/image_ids.txt is text in UTF-16, expected UTF-8: save it as that`;
    await assert.rejects(readWsolMetadata(root), { name: "UserError", message });
  });
});

const odd: [name: string, localization: string, sizes: string | undefined, message: RegExp][] = [
  [
    "NaN in a box",
    "a.jpg,1,nan,3,4",
    undefined,
    /n\.txt:1: expected "id,x0,y0,x1,y1" or .*nan,3,4"$/,
  ],
  ["infinity in a box", "a.jpg,1,2,inf,4", undefined, /:1: expected "id,x0,y0,x1,y1"/],
  ["Infinity in a box", "a.jpg,1,2,Infinity,4", undefined, /:1: expected "id,x0,y0,x1,y1"/],
  ["nothing in a box", "a.jpg,1,,3,4", undefined, /:1: expected "id,x0,y0,x1,y1"/],
  ["hexadecimals in a box", "a.jpg,0x1,2,3,4", undefined, /:1: expected "id,x0,y0,x1,y1"/],
  ["three numbers", "a.jpg,1,2,3", undefined, /:1: expected "id,x0,y0,x1,y1"/],
  ["two numbers", "a.jpg,1,2", undefined, /:1: expected "id,x0,y0,x1,y1"/],
  ["five numbers", "a.jpg,1,2,3,4,5", undefined, /:1: expected "id,x0,y0,x1,y1"/],
  ["no numbers", "a.jpg", undefined, /:1: expected "id,x0,y0,x1,y1"/],
  ["another id", "b, c.jpg,1,2,3,4", undefined, /:1: b, c\.jpg is not in image_ids\.txt$/],
  ["another id's mask", "b.jpg,m.png,", undefined, /:1: b\.jpg is not in image_ids\.txt$/],
  ["a box from right to left", "a.jpg,3,2,1,4", undefined, /:1: the box 3,2,1,4 ends before it/],
  [
    "a size of NaN",
    "a.jpg,1,2,3,4",
    "a.jpg,nan,20",
    /s\.txt:1: expected "id,width,height" in .*20"$/,
  ],
  ["a negative size", "a.jpg,1,2,3,4", "a.jpg,24,-20", /s\.txt:1: expected "id,width,height"/],
  ["a size of 0", "a.jpg,1,2,3,4", "a.jpg,0,20", /s\.txt:1: expected "id,width,height"/],
  ["a broken size", "a.jpg,1,2,3,4", "a.jpg,24.5,20", /s\.txt:1: expected "id,width,height"/],
  ["no height", "a.jpg,1,2,3,4", "a.jpg,24", /s\.txt:1: expected "id,width,height"/],
  ["two sizes", "a.jpg,1,2,3,4", "a.jpg,24,20\na.jpg,20,24", /:2: the id a\.jpg appears twice$/],
  ["another id's size", "a.jpg,1,2,3,4", "b,c.jpg,24,20", /:1: b,c\.jpg is not in image_ids\.txt$/],
];

for (const [name, localization, sizes, message] of odd) {
  Deno.test(`lists of places with ${name} are refused`, async () => {
    await assert.rejects(read("a.jpg", localization, sizes), { name: "UserError", message });
  });
}

Deno.test("boxes may begin outside of the picture, and in fractions of pixels", async () => {
  const { "a.jpg": { boxes } } = await read("a.jpg", "a.jpg,-1.5,0,1e1,.5\na.jpg, 1, 2, 3, 4");
  assert.deepEqual(boxes, [[-1.5, 0, 10, 0.5], [1, 2, 3, 4]]);
});
