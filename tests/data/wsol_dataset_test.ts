import assert from "node:assert/strict";
import { openDataset } from "../../data/open.ts";
import { expectEveryClass } from "../../data/untrained_classes.ts";
import { loadWsol } from "../../data/wsol_dataset.ts";
import { readWsolMetadata } from "../../data/wsol_metadata.ts";
import { ilsvrcFiles, lists, openImagesFiles, withFolder, write } from "./wsol_folder.ts";

const events = { onLine() {}, onProgress() {} };

async function refuses(loading: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(loading, (error: Error) => {
    assert.equal(error.name, "UserError");
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("ILSVRC in wsolevaluation's layout: three splits, classes by their training folders", async () => {
  await withFolder(await ilsvrcFiles(), async (root) => {
    const { name, classes, train, val, test, localization } = await openDataset(
      "ilsvrc",
      root,
      events,
    );
    assert.equal(name, "ilsvrc");
    assert.deepEqual(classes, ["n02084071", "n01503061"]);
    assert.deepEqual([train.name, val!.name, test.name], ["train", "val", "test"]);
    assert.deepEqual([...train.labels], [0, 0, 1, 1]);
    assert.deepEqual(val!.ids, ["val2/0/0.jpeg", "val2/1/0.jpeg"]);
    assert.deepEqual([...test.labels], [1, 0, 0]);
    assert.deepEqual(test.source, {
      kind: "files",
      paths: test.ids.map((id) => `${root}/dataset/ILSVRC/${id}`),
    });
    assert.deepEqual(localization, {
      metadata: { val: `${root}/metadata/ILSVRC/val`, test: `${root}/metadata/ILSVRC/test` },
      masks: `${root}/dataset/ILSVRC`,
    });
    const places = await readWsolMetadata(localization!.metadata.test);
    assert.deepEqual([...places.keys()], test.ids);
    assert.equal(places.get(test.ids[0])!.boxes.length, 2);
  });
});

Deno.test("labels are found by id, not by line", async () => {
  await withFolder(await ilsvrcFiles(), async (root) => {
    const path = `${root}/metadata/ILSVRC/test/class_labels.txt`;
    const lines = (await Deno.readTextFile(path)).split("\n");
    await Deno.writeTextFile(path, lines.reverse().join("\r\n") + "\r\n\r\n");
    assert.deepEqual([...(await loadWsol(root, "ILSVRC")).test.labels], [1, 0, 0]);
  });
});

Deno.test("without training and validation pictures a data set still serves evaluation", async () => {
  await withFolder(await ilsvrcFiles(), async (root) => {
    await write(root, { "dataset/ILSVRC/train": null, "dataset/ILSVRC/val2": null });
    const { train, val, classes, localization } = await loadWsol(root, "ILSVRC");
    assert.deepEqual([train.name, train.ids, train.labels.length], ["train", [], 0]);
    assert.deepEqual(train.source, { kind: "files", paths: [] });
    assert.equal(val, undefined);
    assert.deepEqual(Object.keys(localization!.metadata), ["test"]);
    // The lists are there all the same.
    assert.deepEqual(classes, ["n02084071", "n01503061"]);
  });
});

Deno.test("without training lists classes are numbered, from the labels of all splits", async () => {
  await withFolder(await ilsvrcFiles(), async (root) => {
    await write(root, {
      "metadata/ILSVRC/train": null,
      "metadata/ILSVRC/val/class_labels.txt": "val2/0/0.jpeg,0\nval2/1/0.jpeg,3",
    });
    const { classes } = await loadWsol(root, "ILSVRC");
    assert.deepEqual(classes, ["class 0", "class 1", "class 2", "class 3"]);
  });
});

Deno.test("lists may lie in another folder than the pictures", async () => {
  await withFolder(await ilsvrcFiles(), async (root) => {
    await Deno.rename(`${root}/metadata`, `${root}/elsewhere`);
    await refuses(
      loadWsol(root, "ILSVRC"),
      /metadata\/ILSVRC\/test\/image_ids\.txt is missing, expected the lists of wsolevaluation/,
    );
    const { test, localization } = await loadWsol(root, "ILSVRC", {
      metadata: `${root}/elsewhere`,
    });
    assert.equal(test.ids.length, 3);
    assert.equal(localization!.metadata.test, `${root}/elsewhere/ILSVRC/test`);
  });
});

Deno.test("OpenImages: masks beside the pictures, image sizes empty", async () => {
  await withFolder(await openImagesFiles(), async (root) => {
    const { classes, train, test, localization } = await openDataset("openimages", root, events);
    assert.deepEqual(classes, ["0bt_c3", "0bt9lr"]);
    assert.deepEqual([train.ids.length, test.ids.length], [0, 2]);
    const { masks, ignore } = (await readWsolMetadata(localization!.metadata.test)).get(
      test.ids[0],
    )!;
    for (const path of [...masks, ignore]) await Deno.stat(`${localization!.masks}/${path}`);
    assert.equal(masks.length, 2);
  });
});

Deno.test("cub opens wsolevaluation's layout too, with CUBV2 as val", async () => {
  const wren = "001.Wren";
  const split = (name: string) => lists("metadata/CUB/" + name, { [`${wren}/${name}.jpg`]: [0] });
  const files = {
    ...split("train"),
    ...split("val"),
    ...split("test"),
    ...Object.fromEntries(
      ["train", "val", "test"].map((name) => [`dataset/CUB/${wren}/${name}.jpg`, ""]),
    ),
  };
  await withFolder(files, async (root) => {
    const { name, classes, val } = await openDataset("cub", root, events);
    assert.deepEqual([name, classes, val!.ids], ["cub", [wren], [`${wren}/val.jpg`]]);
  });
});

const damages: [name: string, file: string, contents: string | null, message: RegExp][] = [
  [
    "a label that is no number",
    "metadata/ILSVRC/test/class_labels.txt",
    "val/ILSVRC2012_val_00000001.JPEG,dog",
    /test\/class_labels\.txt:1: expected "id,label" with a whole number .*found ".*,dog"/,
  ],
  [
    "a label below 0",
    "metadata/ILSVRC/val/class_labels.txt",
    "val2/0/0.jpeg,0\nval2/1/0.jpeg,-1",
    /val\/class_labels\.txt:2: expected "id,label"/,
  ],
  [
    "a line without label",
    "metadata/ILSVRC/train/class_labels.txt",
    "train/n02084071/a.JPEG",
    /train\/class_labels\.txt:1: expected "id,label"/,
  ],
  [
    "a picture without label",
    "metadata/ILSVRC/val/class_labels.txt",
    "val2/0/0.jpeg,0",
    /val\/class_labels\.txt has no line for val2\/1\/0\.jpeg of .*image_ids\.txt/,
  ],
  [
    "a label that is given twice",
    "metadata/ILSVRC/val/class_labels.txt",
    "val2/0/0.jpeg,0\nval2/0/0.jpeg,1",
    /val\/class_labels\.txt:2: the id val2\/0\/0\.jpeg appears twice/,
  ],
  [
    "an id that is listed twice",
    "metadata/ILSVRC/val/image_ids.txt",
    "val2/0/0.jpeg\n\nval2/0/0.jpeg",
    /val\/image_ids\.txt:3: the id val2\/0\/0\.jpeg appears twice/,
  ],
  [
    "a control character in an id",
    "metadata/ILSVRC/val/image_ids.txt",
    "val2/0/0.jpeg\nval2/\x1b[31m/0.jpeg",
    /val\/image_ids\.txt:2: the id "val2\/\\u001b\[31m\/0\.jpeg" has the control character U\+001B/,
  ],
  [
    "an empty list",
    "metadata/ILSVRC/test/image_ids.txt",
    "\n",
    /test\/image_ids\.txt is empty, expected an id a line/,
  ],
  [
    "no labels",
    "metadata/ILSVRC/test/class_labels.txt",
    null,
    /test\/class_labels\.txt cannot be read/,
  ],
  [
    "no test pictures",
    "dataset/ILSVRC/val",
    null,
    /val_00000001\.JPEG is missing, the first of 3 test pictures of ILSVRC \(\.\/calm data check/,
  ],
];

for (const [name, file, contents, message] of damages) {
  Deno.test(`a WSOL folder with ${name} is refused`, async () => {
    await withFolder(await ilsvrcFiles(), async (root) => {
      await write(root, { [file]: contents });
      await refuses(loadWsol(root, "ILSVRC"), message);
    });
  });
}

Deno.test("ILSVRC and OpenImages need a folder", async () => {
  await refuses(
    openDataset("ilsvrc", undefined, events),
    /^ilsvrc has no default folder: .*dataset\/ILS/,
  );
  await refuses(
    openDataset("openimages", undefined, events),
    /^openimages has no default folder.*metadata\/OpenI/,
  );
});

Deno.test("folders that hold several classes name none of them", async () => {
  await withFolder(await ilsvrcFiles(), async (root) => {
    const list = `${root}/metadata/ILSVRC/train/class_labels.txt`;
    const labels = "train/n02084071/a.JPEG,0\ntrain/n02084071/b.JPEG,1\n" +
      "train/n01503061/c.JPEG,2\ntrain/n01503061/d.JPEG,2";
    await Deno.writeTextFile(list, labels);
    const { classes } = await loadWsol(root, "ILSVRC");
    assert.deepEqual(classes, ["class 0", "class 1", "n01503061"]);
  });
});

Deno.test("classes without training pictures are not trained on, but evaluated", async () => {
  await withFolder(await ilsvrcFiles(), async (root) => {
    expectEveryClass(await loadWsol(root, "ILSVRC"));
    for (const split of ["train", "val", "test"]) {
      const list = `${root}/metadata/ILSVRC/${split}/class_labels.txt`;
      const from0 = await Deno.readTextFile(list);
      await Deno.writeTextFile(list, from0.replaceAll(",1", ",2").replaceAll(",0", ",1"));
    }
    const dataset = await loadWsol(root, "ILSVRC");
    assert.deepEqual(dataset.classes, ["class 0", "n02084071", "n01503061"]);
    assert.throws(() => expectEveryClass(dataset), {
      name: "UserError",
      message:
        `ilsvrc in ${root}: 1 of 3 classes has no training picture: class 0; labels begin at ` +
        `1, expected 0 (./calm data check ${root} says what else is wrong)`,
    });
  });
});
