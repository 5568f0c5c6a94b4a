import assert from "node:assert/strict";
import { join } from "node:path";
import { checkData, type DataReport } from "../../data/check.ts";
import { encodePng } from "../../data/codecs.ts";
import { readPictureHeader } from "../../data/picture_header.ts";
import golden from "./goldens/codecs.json" with { type: "json" };
import { withCub } from "./cub_folder.ts";
import { type Files, ilsvrcFiles, openImagesFiles, withFolder, write } from "./wsol_folder.ts";

const SEGMENTATION = await encodePng({
  width: 24,
  height: 20,
  data: new Uint8Array(3 * 24 * 20).fill(255),
});

/** Every annotation of the eight pictures of `withCub`, which are 24 × 20; a part of CUB. */
const PER_PICTURE = Array.from({ length: 8 }, (_, i) => i + 1);
const ANNOTATIONS: Files = {
  "classes.txt": "1 001.Black_footed_Albatross\r\n2 002.Laysan_Albatross\r\n",
  "bounding_boxes.txt": PER_PICTURE.map((id) => `${id} 1 2 20 16\n`).join(""),
  "parts/part_locs.txt": PER_PICTURE.map((id) => `${id} 1 3 4 1\n`).join(""),
  "attributes.txt": "1 has_bill_shape::dagger\n2 has_wing_color::grey",
  "attributes/class_attribute_labels_continuous.txt": "0 100\n60 40\n",
  ...Object.fromEntries(PER_PICTURE.map((id) => [
    `segmentations/001.Wren/Wren_${id}.png`,
    SEGMENTATION,
  ])),
};

const SUBSET = [
  "CUB-200-2011 has 2 classes here, 200 were published",
  "CUB-200-2011 has 6 train pictures here, 5,994 were published",
  "CUB-200-2011 has 2 test pictures here, 5,794 were published",
];

async function checkCub(files: Files): Promise<DataReport & { root: string }> {
  let report: DataReport | undefined;
  let root = "";
  await withCub(async (folder) => {
    await write(folder, ANNOTATIONS);
    await write(folder, files);
    report = await checkData(root = folder);
  });
  return { ...report!, root };
}

/** Each message without the folder, for messages begin with it. */
const within = (root: string, messages: readonly string[]) =>
  messages.map((message) => message.replaceAll(`${root}/`, "").replaceAll(root, "."));

Deno.test("a complete CUB folder has no problems; other counts are remarked", async () => {
  const { kind, folder, root, problems, remarks, downloads, sets } = await checkCub({});
  assert.deepEqual([kind, folder], ["CUB-200-2011", root]);
  assert.deepEqual([problems, downloads], [[], []]);
  assert.deepEqual(remarks, SUBSET);
  assert.deepEqual(sets, { "CUB-200-2011": { classes: 2, train: 6, val: 0, test: 2 } });
});

Deno.test("annotations that are missing are no problem, but evaluations need them", async () => {
  const { root, problems, remarks, downloads } = await checkCub({
    "bounding_boxes.txt": null,
    "parts/part_locs.txt": null,
    "segmentations": null,
    "attributes.txt": null,
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(within(root, remarks.slice(0, 4)), [
    "bounding_boxes.txt is missing: eval wsol cannot be run",
    "parts/part_locs.txt is missing: eval cue-localization cannot be run",
    "segmentations is missing: eval cue-localization cannot be run",
    "attributes.txt (in ., its attributes/ or beside it) is missing: eval cue-localization cannot be run",
  ]);
  assert.deepEqual(downloads.filter((line) => line.startsWith("wget")), [
    "wget https://data.caltech.edu/records/65de6-vp158/files/CUB_200_2011.tgz",
    "wget https://data.caltech.edu/records/w9d68-gec53/files/segmentations.tgz",
  ]);
  // The archive of CUB holds the folder, that of segmentations goes into it.
  assert.deepEqual(downloads.filter((line) => line.startsWith("cd")), [
    `cd "${join(root, "..")}"`,
    `cd "${root}"`,
  ]);
});

const lines = (from: number, to: number, value: string) =>
  PER_PICTURE.slice(from - 1, to).map((id) => `${id} ${value}\n`).join("");

const cubDamages: [name: string, files: Files, problems: RegExp[]][] = [
  [
    "lists that are missing",
    { "classes.txt": null, "train_test_split.txt": null },
    [/^train_test_split\.txt is missing$/, /^classes\.txt is missing$/],
  ],
  [
    "no list of pictures",
    { "images.txt": null },
    [/^images\.txt is missing$/],
  ],
  [
    "everything at once",
    {
      "images.txt": lines(1, 8, "001.Wren/gone.jpg") + "oops\n",
      "image_class_labels.txt": lines(1, 7, "1") + "9 dog\n",
      "train_test_split.txt": lines(1, 8, "0") + "1 1\n",
    },
    [
      /^images\.txt:9: expected "id value", found "oops"$/,
      /^train_test_split\.txt:9: id 1 appears twice$/,
      /^image_class_labels\.txt has no line for 1 of the ids of images\.txt: 8$/,
      /^images\.txt has no line for 1 of the ids of image_class_labels\.txt: 9$/,
      /^8 of 8 pictures of images are missing: (001\.Wren\/gone\.jpg(, )?){3} and 5 more$/,
      /^classes\.txt lacks the classes of 1 of 8 labels: dog of picture 9 \(image_class_labels\.txt:8\)$/,
      /^train_test_split\.txt leaves no training pictures$/,
      /^7 mistakes in images\.txt: images\.txt:2: 001\.Wren\/gone\.jpg appears twice, first at/,
      /^8 of 8 files of segmentations are missing/,
    ],
  ],
  [
    "odd splits",
    { "train_test_split.txt": lines(1, 3, "2") + lines(4, 4, "x") + lines(5, 8, "1") },
    [
      /^4 mistakes in train_test_split\.txt: .*:1: picture 1 has "2", expected 0 or 1; .* and 1 more$/,
      /^train_test_split\.txt leaves no test pictures$/,
    ],
  ],
  [
    "odd boxes",
    {
      "bounding_boxes.txt": "1 1 1 5 -5\n2 1 1 5\n3 a 1 5 5\n" + lines(4, 7, "1 2 20 16") +
        "9 1 1 5 5\n",
    },
    [
      /^bounding_boxes\.txt has no line for 1 of the ids of images\.txt: 8$/,
      /^images\.txt has no line for 1 of the ids of bounding_boxes\.txt: 9$/,
      /^3 mistakes in bounding_boxes\.txt: .*:1: the box 1,1,5,-5 ends before it begins; .*:2: expected/,
    ],
  ],
  [
    "a picture that is none",
    { "images/001.Wren/Wren_3.jpg": "no picture" },
    [
      new RegExp(
        "^1 of 8 pictures of images cannot be decoded: images/001\\.Wren/Wren_3\\.jpg is neither a " +
          "JPEG nor a PNG nor a WebP file: it begins with the bytes 6e 6f 20 70$",
      ),
    ],
  ],
  [
    "odd names of classes",
    { "classes.txt": "1 001.Wren\n2 001.Wren\n3 003.\x07Owl\n4 \n" },
    [
      /^classes\.txt:4: expected "id value", found "4"$/,
      /^2 mistakes in classes\.txt: classes\.txt:2: the class name "001\.Wren" appears twice, first at classes\.txt:1; classes\.txt:3: the class name "003\.\\u0007Owl" has the control character U\+0007$/,
      /^classes\.txt: 1 of 3 classes has no training picture: 003\./,
      /_continuous\.txt has 2 lines, expected one for each of 3 classes$/,
    ],
  ],
  [
    "a segmentation that is none",
    { "segmentations/001.Wren/Wren_3.png": "GIF89a" },
    [/^1 of 8 files of segmentations cannot be decoded: .*Wren_3\.png is .*it is a GIF picture/],
  ],
  [
    "classes without training pictures",
    {
      "classes.txt": "1 001.Wren\n2 002.Finch\n3 003.Owl\n4 004.Tit\n",
      "image_class_labels.txt": lines(1, 6, "2") + lines(7, 8, "3"),
      "attributes/class_attribute_labels_continuous.txt": "0 1\n".repeat(4),
    },
    [/^classes\.txt: 3 of 4 classes have no training picture: 001\.Wren, 003\.Owl, 004\.Tit$/],
  ],
  [
    "odd key points and attributes",
    {
      "parts/part_locs.txt": "1 16 3 4 1\n",
      "attributes/class_attribute_labels_continuous.txt": "0 100\n",
    },
    [
      /^parts\/part_locs\.txt:1: expected "image part x y visible"/,
      /^attributes\/class_attribute_labels_continuous\.txt has 1 lines, expected one for each of 2 classes$/,
    ],
  ],
  [
    "attributes of too many numbers",
    { "attributes/class_attribute_labels_continuous.txt": "0 100 3\n0 100\n" },
    [/continuous\.txt:1: expected 2 percentages, found 3 numbers$/],
  ],
  [
    "segmentations that are missing",
    { "segmentations/001.Wren/Wren_2.png": null },
    [/^1 of 8 files of segmentations are missing: 001\.Wren\/Wren_2\.png$/],
  ],
];

for (const [name, files, expected] of cubDamages) {
  Deno.test(`data check of a CUB folder with ${name}`, async () => {
    const { root, problems } = await checkCub(files);
    const found = within(root, problems);
    assert.equal(found.length, expected.length, found.join("\n"));
    for (const [i, message] of expected.entries()) assert.match(found[i], message);
  });
}

Deno.test("boxes that reach out of their picture are remarked, not refused", async () => {
  const boxes = lines(1, 6, "0 0 24 20") + "7 -1 0 5 5\n8 10 10 5 10.5\n";
  const { root, problems, remarks } = await checkCub({ "bounding_boxes.txt": boxes });
  assert.deepEqual(problems, []);
  assert.deepEqual(
    within(root, remarks)[0],
    "bounding_boxes.txt: 2 of 8 boxes reach out of their picture: " +
      "-1,0 + 5×5 of 001.Wren/Wren_7.jpg (24×20), 10,10 + 5×10.5 of 001.Wren/Wren_8.jpg (24×20)",
  );
});

Deno.test("drawn birds are compared with no published counts, and not downloaded", async () => {
  const { root, remarks, downloads } = await checkCub({
    "birds.json": "{}",
    "parts/part_locs.txt": null,
  });
  assert.deepEqual(downloads, []);
  assert.deepEqual(within(root, remarks), [
    "parts/part_locs.txt is missing: eval cue-localization cannot be run",
    ". was made by ./calm data birds: removed, it is drawn again",
  ]);
});

/** Reports of ILSVRC and OpenImages in small, in one folder. */
async function checkWsol(files: Files): Promise<DataReport & { root: string }> {
  let report: DataReport | undefined;
  let root = "";
  await withFolder({ ...await ilsvrcFiles(), ...await openImagesFiles() }, async (folder) => {
    await write(folder, files);
    report = await checkData(root = folder);
  });
  return { ...report!, root };
}

Deno.test("wsolevaluation's layout: each data set that is there", async () => {
  const { root, kind, problems, remarks, downloads, sets } = await checkWsol({});
  assert.equal(kind, "wsolevaluation");
  assert.deepEqual(problems, []);
  assert.deepEqual(sets, {
    ILSVRC: { classes: 2, train: 4, val: 2, test: 3 },
    OpenImages: { classes: 2, train: 2, val: 0, test: 2 },
  });
  assert.deepEqual(within(root, remarks), [
    "ILSVRC has 2 classes here, 1,000 were published",
    "ILSVRC has 4 train pictures here, 1,281,167 were published",
    "ILSVRC has 2 val pictures here, 10,000 were published",
    "ILSVRC has 3 test pictures here, 50,000 were published",
    "none of the 2 train pictures of dataset/OpenImages is there: no model can be trained",
    "metadata/OpenImages/val is missing: thresholds cannot be chosen on it",
    "OpenImages has 2 classes here, 100 were published",
    "OpenImages has 2 train pictures here, 29,819 were published",
    "OpenImages has 2 test pictures here, 5,000 were published",
  ]);
  assert.ok(downloads.includes("git clone https://github.com/clovaai/wsolevaluation"));
  assert.ok(downloads.some((line) => line.includes("1oOb4WQ-lb8SYppHEg3lWnpHk1X8WVO4e")));
});

const TEST = "metadata/ILSVRC/test";
const wsolDamages: [name: string, files: Files, problems: RegExp[], download?: RegExp][] = [
  [
    "no test lists",
    { [TEST]: null },
    [/^metadata\/ILSVRC\/test is missing: nothing can be evaluated$/],
    /cp -r wsolevaluation\/metadata/,
  ],
  [
    "single lists missing",
    {
      "metadata/ILSVRC/train/class_labels.txt": null,
      "metadata/ILSVRC/val/localization.txt": null,
      "metadata/OpenImages/test/image_sizes.txt": null,
    },
    [
      /^metadata\/ILSVRC\/train\/class_labels\.txt is missing$/,
      /^metadata\/ILSVRC\/val\/localization\.txt is missing$/,
      /^metadata\/OpenImages\/test\/image_sizes\.txt is missing \(of OpenImages an empty file\)$/,
    ],
  ],
  [
    "pictures missing",
    { "dataset/ILSVRC/train/n02084071": null, "dataset/ILSVRC/val": null },
    [
      /^2 of 4 train pictures of dataset\/ILSVRC are missing: train\/n02084071\/a\.JPEG, train/,
      /^3 of 3 test pictures of dataset\/ILSVRC are missing: val\/ILSVRC2012_val_00000001\.JPEG, /,
    ],
    /With a login, at https:\/\/www\.image-net\.org: ILSVRC2012_img_val\.tar/,
  ],
  [
    "masks missing",
    {
      "dataset/OpenImages/test/0bt_c3/a_m2.png": null,
      "dataset/OpenImages/test/0bt9lr/b_ignore.png": null,
    },
    [/^2 of 5 masks of dataset\/OpenImages are missing: test\/0bt_c3\/a_m2\.png, .*b_ignore\.png$/],
    /OpenImages_annotations\.zip/,
  ],
  [
    "ids in one list but not in another",
    {
      [`${TEST}/class_labels.txt`]:
        "val/ILSVRC2012_val_00000001.JPEG,1\nval/ILSVRC2012_val_00000002.JPEG,0\nx,0",
      [`${TEST}/image_sizes.txt`]: "y,24,20",
      [`${TEST}/localization.txt`]: "z,1,1,2,2",
    },
    [
      /^metadata\/.*class_labels\.txt has no line for 1 of the ids of .*image_ids\.txt: .*03\.JPEG$/,
      /^metadata\/.*image_ids\.txt has no line for 1 of the ids of .*class_labels\.txt: x$/,
      /image_sizes\.txt:1: y is not in image_ids\.txt$/,
      /^4 mistakes in .*localization\.txt: .*:1: z is not in .*; .*no line for .*1\.JPEG; .* and 1 more$/,
    ],
  ],
  [
    "odd labels and boxes",
    {
      [`${TEST}/class_labels.txt`]:
        "val/ILSVRC2012_val_00000001.JPEG,1.5\nval/ILSVRC2012_val_00000002.JPEG,dog\n" +
        "val/ILSVRC2012_val_00000003.JPEG,0",
      [`${TEST}/localization.txt`]:
        "val/ILSVRC2012_val_00000001.JPEG,9,1,2,2\nval/ILSVRC2012_val_00000001.JPEG,1,1,2,2\n" +
        "val/ILSVRC2012_val_00000002.JPEG,1,1,2,2\nval/ILSVRC2012_val_00000003.JPEG,1,1,2,2",
    },
    [
      /^2 mistakes in .*class_labels\.txt: .*:1: expected "id,label" .*1\.5"; .*:2: .*dog"$/,
      /class_labels\.txt has no line for 2 of the ids/,
      /localization\.txt:1: the box 9,1,2,2 ends before it begins$/,
    ],
  ],
  [
    "sizes of width and height swapped",
    {
      [`${TEST}/image_sizes.txt`]:
        "val/ILSVRC2012_val_00000001.JPEG,20,24\nval/ILSVRC2012_val_00000002.JPEG,24,20\n" +
        "val/ILSVRC2012_val_00000003.JPEG,20,24",
    },
    [/^metadata\/ILSVRC\/test\/image_sizes\.txt: 2 of 3 pictures have another size: val\/.*1\.JPEG is 24×20, not 20×24, val/],
  ],
  [
    "labels that begin at 1",
    {
      "metadata/ILSVRC/train/class_labels.txt":
        "train/n02084071/a.JPEG,1\ntrain/n02084071/b.JPEG,1\n" +
        "train/n01503061/c.JPEG,2\ntrain/n01503061/d.JPEG,2",
      "metadata/ILSVRC/val/class_labels.txt": "val2/0/0.jpeg,1\nval2/1/0.jpeg,2",
      [`${TEST}/class_labels.txt`]:
        "val/ILSVRC2012_val_00000001.JPEG,2\nval/ILSVRC2012_val_00000002.JPEG,1\n" +
        "val/ILSVRC2012_val_00000003.JPEG,1",
    },
    [/^metadata\/ILSVRC: 1 of 3 classes has no training picture: class 0; labels begin at 1, expected 0$/],
  ],
  [
    "a class that is skipped",
    { "metadata/ILSVRC/val/class_labels.txt": "val2/0/0.jpeg,0\nval2/1/0.jpeg,3" },
    [/^metadata\/ILSVRC: 2 of 4 classes have no training picture: class 2, class 3$/],
  ],
  [
    "pictures of other formats under their names",
    {
      "dataset/ILSVRC/train/n02084071/a.JPEG": Uint8Array.of(0x1f, 0x8b, 8, 0),
      "dataset/ILSVRC/train/n02084071/b.JPEG": Uint8Array.fromBase64(golden.files.webp.base64),
      "dataset/ILSVRC/train/n01503061/c.JPEG": Uint8Array.fromBase64(golden.files.jpeg_ycck.base64),
      "dataset/ILSVRC/val2/0/0.jpeg": "<html>",
      "dataset/OpenImages/test/0bt_c3/a_m1.png": "BM\0\0\0\0\0\0\0\0",
    },
    [
      /^1 of 4 train pictures of dataset\/ILSVRC cannot be decoded: .*\/a\.JPEG is .* it is a gzip archive: unpack it first$/,
      /^1 of 2 val pictures of dataset\/ILSVRC cannot be decoded: .*\/val2\/0\/0\.jpeg is .* an HTML page/,
      /^1 of 5 masks of dataset\/OpenImages cannot be decoded: .*a_m1\.png is .* a BMP picture/,
    ],
  ],
  [
    "an empty list",
    { [`${TEST}/image_ids.txt`]: "", [`${TEST}/class_labels.txt`]: "" },
    [
      /image_ids\.txt is empty, expected an id a line$/,
      /image_sizes\.txt: .* is not in image_ids\.txt/,
      /localization\.txt: .* is not in image_ids\.txt/,
    ],
  ],
];

for (const [name, files, expected, download] of wsolDamages) {
  Deno.test(`data check of wsolevaluation's layout with ${name}`, async () => {
    const { root, problems, downloads } = await checkWsol(files);
    const found = within(root, problems);
    assert.equal(found.length, expected.length, found.join("\n"));
    for (const [i, message] of expected.entries()) assert.match(found[i], message);
    if (download) assert.match(downloads.join("\n"), download);
  });
}

Deno.test("who lacks training and validation pictures can still evaluate", async () => {
  const { root, problems, remarks, downloads } = await checkWsol({
    "dataset/ILSVRC/train": null,
    "dataset/ILSVRC/val2": null,
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(within(root, remarks).slice(0, 2), [
    "none of the 4 train pictures of dataset/ILSVRC is there: no model can be trained",
    "none of the 2 val pictures of dataset/ILSVRC is there: thresholds cannot be chosen on it",
  ]);
  assert.match(downloads.join("\n"), /imagenetv2-threshold0\.7\.tar\.gz/);
});

Deno.test("masks are not looked for where the pictures of a split are not here", async () => {
  const { problems, remarks } = await checkWsol({
    "metadata/OpenImages/val/image_ids.txt": "val/0bt_c3/v.jpg",
    "metadata/OpenImages/val/class_labels.txt": "val/0bt_c3/v.jpg,0",
    "metadata/OpenImages/val/image_sizes.txt": "",
    "metadata/OpenImages/val/localization.txt": "val/0bt_c3/v.jpg,val/0bt_c3/v_m1.png,",
  });
  assert.deepEqual(problems, []);
  assert.match(remarks.join("\n"), /none of the 1 val pictures of .*OpenImages is there/);
});

Deno.test("boxes of a split that reach out of their picture are remarked", async () => {
  const { root, problems, remarks } = await checkWsol({
    "metadata/ILSVRC/val/localization.txt": "val2/0/0.jpeg,0,0,24,20\nval2/1/0.jpeg,1,1,25,9",
  });
  assert.deepEqual(problems, []);
  assert.equal(
    within(root, remarks)[0],
    "metadata/ILSVRC/val/localization.txt: 1 of 2 boxes reach out of their picture: " +
      "1,1,25,9 of val2/1/0.jpeg (24×20)",
  );
});

Deno.test("folders that are missing or something else are named", async () => {
  await assert.rejects(
    checkData("/no/such/folder"),
    /data folder \/no\/such\/folder does not exist/,
  );
  await withFolder({ "readme.txt": "" }, async (root) => {
    await assert.rejects(
      checkData(root),
      /holds neither CUB-200-2011 \(images\.txt\) nor wsoleval/,
    );
  });
});

Deno.test("data of another kind in CUB's layout are not mended by CUB's files", async () => {
  const files = { "classes.txt": "1 001.Wren\n2 002.Finch\n", "bounding_boxes.txt": null };
  const { root, problems, remarks, downloads } = await checkCub(files);
  assert.deepEqual([problems, downloads], [[], []]);
  const missing = "bounding_boxes.txt is missing: eval wsol cannot be run";
  const [labelled, ...others] = within(root, remarks);
  assert.match(
    labelled,
    /^4 pictures are labelled with other classes than their folders are called: 001\.Wren\/Wren_1\.j/,
  );
  assert.deepEqual(others, [missing]);
});

Deno.test("classes without test pictures are remarked", async () => {
  const labels = lines(1, 3, "1") + lines(4, 8, "2");
  const { root, problems, remarks } = await checkCub({ "image_class_labels.txt": labels });
  assert.deepEqual(problems, []);
  assert.equal(
    within(root, remarks)[0],
    "classes.txt: 1 of 2 classes has no test picture: 001.Black_footed_Albatross",
  );
});

const CUT = Uint8Array.fromBase64(golden.files.jpeg.base64).slice(0, -60);

Deno.test("pictures that are cut short are found by decoding", async () => {
  await withFolder({ ...await ilsvrcFiles(), ...await openImagesFiles() }, async (root) => {
    await write(root, {
      "dataset/ILSVRC/train/n02084071/a.JPEG": CUT,
      "dataset/OpenImages/test/0bt_c3/a_m2.png": SEGMENTATION.slice(0, -20),
    });
    assert.deepEqual((await checkData(root)).problems, []);
    const seen = new Map<string, number[]>();
    const { problems } = await checkData(root, {
      decode: true,
      onProgress: (what, done, total) => seen.set(what, [done, total]),
    });
    assert.deepEqual([seen.get("train pictures"), seen.get("masks")], [[4, 4], [5, 5]]);
    const [jpeg, png, ...others] = within(root, problems);
    const cut = (what: string, name: string) =>
      new RegExp(`^1 of ${what} cannot be decoded: .*/${name} is damaged: it is cut short`);
    assert.match(jpeg, cut("4 train pictures of dataset/ILSVRC", "a\\.JPEG"));
    assert.match(png, cut("5 masks of dataset/OpenImages", "a_m2\\.png"));
    assert.deepEqual(others, []);
  });
});

Deno.test("the header of a picture gives its size, however much stands before it", async () => {
  const names = Object.keys(golden.files) as (keyof typeof golden.files)[];
  await withFolder({}, async (root) => {
    const path = `${root}/a`;
    for (const name of names) {
      await Deno.writeFile(path, Uint8Array.fromBase64(golden.files[name].base64));
      const size = /^png_(16|grey)/.test(name) ? [7, 5] : [17, 13];
      const { width, height } = await readPictureHeader(path);
      assert.deepEqual([width, height], size, name);
    }
    // Colour profiles and previews of several segments.
    const jpeg = Uint8Array.fromBase64(golden.files.jpeg.base64);
    for (const length of [4000, 4090, 5000, 65535]) {
      const segment = new Uint8Array(2 + length);
      segment.set([0xff, 0xe2, length >> 8, length & 0xff]);
      const parts = [jpeg.subarray(0, 2), segment, segment, segment, jpeg.subarray(2)];
      await Deno.writeFile(path, Uint8Array.from(parts.flatMap((part) => [...part])));
      const { width, height } = await readPictureHeader(path);
      assert.deepEqual([width, height], [17, 13], `${length}`);
    }
  });
});

const HEADLESS: [bytes: number[], message: RegExp][] = [
  [[], /it is empty$/],
  [[0xff, 0xd8], /is damaged: it has no header of a JPEG picture$/],
  [[0xff, 0xd8, 0xff, 0xe0, 0, 2, 0, 0, 0, 0, 0, 0], /is damaged: it has no header of a JPEG/],
  [[0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10], /is damaged: it has no header of a PNG picture$/],
];

for (const [bytes, message] of HEADLESS) {
  Deno.test(`a file of the bytes [${bytes}] has no header`, async () => {
    await withFolder({ a: Uint8Array.from(bytes) }, async (root) => {
      await assert.rejects(readPictureHeader(`${root}/a`), { name: "UserError", message });
    });
  });
}

Deno.test("a picture that is missing or a folder is named", async () => {
  await withFolder({}, async (root) => {
    const message = new RegExp(`^${root}/a cannot be read: `);
    await assert.rejects(readPictureHeader(`${root}/a`), { name: "UserError", message });
    await Deno.mkdir(`${root}/a`);
    await assert.rejects(readPictureHeader(`${root}/a`), { name: "UserError", message });
  });
});
