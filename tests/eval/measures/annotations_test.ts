import assert from "node:assert/strict";
import { encodePng } from "../../../data/codecs.ts";
import { loadCub } from "../../../data/cub.ts";
import { loadWsol } from "../../../data/wsol_dataset.ts";
import { openAnnotations } from "../../../eval/measures/annotations.ts";
import { withCub } from "../../data/cub_folder.ts";
import { ilsvrcFiles, withFolder, write } from "../../data/wsol_folder.ts";

Deno.test("boxes are not measured where the list's size is not the picture's", async () => {
  await withFolder(await ilsvrcFiles(), async (root) => {
    const dataset = await loadWsol(root, "ILSVRC");
    const [id] = dataset.test.ids;
    // 1,2,10,12 and 3,3,8,9 of 24 × 20
    const boxes = [[9, 22, 93, 134], [28, 33, 74, 100]];
    assert.deepEqual(await openAnnotations(dataset, dataset.test).boxes(id), boxes);

    const list = `${root}/metadata/ILSVRC/test/image_sizes.txt`;
    await Deno.writeTextFile(list, (await Deno.readTextFile(list)).replaceAll("24,20", "20,24"));
    const swapped = openAnnotations(dataset, dataset.test);
    for (const ask of [() => swapped.boxes(id), () => swapped.mask(id)]) {
      await assert.rejects(ask(), {
        name: "UserError",
        message:
          `${root}/dataset/ILSVRC/${id} has 24 × 20 pixels, but ${list} says 20 × 24: boxes ` +
          `would be measured in the wrong place (./calm data check ${root} names all such pictures)`,
      });
    }
  });
});

Deno.test("segmentations are of the picture's form, and mark something", async () => {
  await withCub(async (root) => {
    const dataset = await loadCub(root);
    const [id] = dataset.test.ids;
    const path = `segmentations/${id.replace(".jpg", ".png")}`;
    await Deno.mkdir(`${root}/segmentations/001.Wren`, { recursive: true });
    await Deno.mkdir(`${root}/parts`);
    await write(root, { "parts/part_locs.txt": "7 1 12 10 1\n8 1 12 10 1\n" });
    const png = (width: number, height: number, level: number) =>
      encodePng({ width, height, data: new Uint8Array(3 * width * height).fill(level) });
    const annotations = openAnnotations(dataset, dataset.test);
    await write(root, { [path]: await png(24, 20, 255) });
    const expected = await annotations.parts(id);
    // Of another size, key points lie where they lay: they are the picture's.
    await write(root, { [path]: await png(48, 40, 255) });
    assert.deepEqual(await annotations.parts(id), expected);
    for (
      const [width, height, level, message] of [
        [48, 20, 255, /has 48 × 20 pixels, but its picture 24 × 20: the object would be measured/],
        [24, 20, 0, /Wren_7\.png marks no pixel, expected some that are not black$/],
      ] as const
    ) {
      await write(root, { [path]: await png(width, height, level) });
      for (const ask of [() => annotations.parts(id), () => annotations.mask(id)]) {
        await assert.rejects(ask(), { name: "UserError", message });
      }
    }
  });
});

Deno.test("a CUB picture without a box, and boxes that are none, are named", async () => {
  await withCub(async (root) => {
    const dataset = await loadCub(root);
    const refuses = async (list: string, message: RegExp) => {
      await write(root, { "bounding_boxes.txt": list });
      const annotations = openAnnotations(dataset, dataset.test);
      const asked = annotations.boxes("001.Wren/Wren_8.jpg");
      await assert.rejects(asked, { name: "UserError", message });
    };
    await refuses("1 1 1 5 5\n", /bounding_boxes\.txt has no line for 001\.Wren\/Wren_8\.jpg$/);
    await refuses("8 1 1 Infinity 5\n", /bounding_boxes\.txt:1: expected "image x y width height"/);
    await refuses("8 1 1 5 0\n", /bounding_boxes\.txt:1: expected "image x y width height"/);
  });
});

Deno.test("CUB's annotations of pictures with spaces in their names are found", async () => {
  await withCub(async (root) => {
    const renamed = "001.Wren/a wren 8.jpg";
    await Deno.rename(`${root}/images/001.Wren/Wren_8.jpg`, `${root}/images/${renamed}`);
    const list = await Deno.readTextFile(`${root}/images.txt`);
    await write(root, {
      "images.txt": list.replace("001.Wren/Wren_8.jpg", renamed),
      "bounding_boxes.txt": "8 0 0 24 20\n",
    });
    const dataset = await loadCub(root);
    const { test } = dataset;
    assert.deepEqual(await openAnnotations(dataset, test).boxes(renamed), [[0, 0, 224, 224]]);
  });
});
