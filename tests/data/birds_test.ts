import assert from "node:assert/strict";
import { join } from "node:path";
import decodeJpeg, { init as initJpeg } from "npm:@jsquash/jpeg@1.6.0/decode.js";
import decodePng, { init as initPng } from "npm:@jsquash/png@3.1.1/decode.js";
import {
  attributePercentages,
  ATTRIBUTES,
  differingParts,
  partsOfAttribute,
} from "../../data/birds/attributes.ts";
import { type BirdsOptions, generateBirds } from "../../data/birds/generate.ts";
import { type Part, PARTS, type Species } from "../../data/birds/parts.ts";
import { CUB_PARTS, drawPicture, type PictureRequest } from "../../data/birds/picture.ts";
import { drawAll } from "../../data/birds/pool.ts";
import { designSpecies } from "../../data/birds/species.ts";
import { UserError } from "../../engine/errors.ts";

const SMALL: BirdsOptions = {
  classes: 3,
  trainPerClass: 4,
  testPerClass: 2,
  size: 64,
  workers: 1,
};

/** Runs a test with an empty directory that is removed afterwards. */
function inDirectory(body: (directory: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const directory = await Deno.makeTempDir({ prefix: "birds-test-" });
    try {
      await body(directory);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  };
}

/** All files below a directory and their bytes, by relative path. */
async function readAll(root: string, below = ""): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const entries = await Array.fromAsync(Deno.readDir(join(root, below)));
  for (const { name, isDirectory } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = join(below, name);
    if (isDirectory) {
      for (const [key, bytes] of await readAll(root, path)) files.set(key, bytes);
    } else files.set(path, await Deno.readFile(join(root, path)));
  }
  return files;
}

async function table(root: string, path: string): Promise<string[][]> {
  const text = await Deno.readTextFile(join(root, path));
  assert.ok(text.endsWith("\n") && !text.includes("\r"), `${path} ends its lines with \\n`);
  return text.trimEnd().split("\n").map((line) => line.split(" "));
}

async function readMask(path: string) {
  const wasm = new URL(
    "codec/pkg/squoosh_png_bg.wasm",
    import.meta.resolve("npm:@jsquash/png@3.1.1/decode.js"),
  );
  await initPng(await WebAssembly.compile(await Deno.readFile(wasm)));
  const bytes = await Deno.readFile(path);
  assert.equal(bytes[25], 0, "colour type grey");
  const { width, height, data } = await decodePng(bytes.buffer);
  return { width, height, at: (x: number, y: number) => data[(y * width + x) * 4] };
}

/** Width and height from a baseline JPEG's frame header. */
function jpegSize(bytes: Uint8Array): [width: number, height: number] {
  const view = new DataView(bytes.buffer);
  let offset = 2;
  while (view.getUint16(offset) !== 0xffc0) offset += 2 + view.getUint16(offset + 2);
  return [view.getUint16(offset + 7), view.getUint16(offset + 5)];
}

function request(species: Species, extra: Partial<PictureRequest> = {}): PictureRequest {
  return {
    appearance: species.appearance,
    seed: 0,
    classIndex: 0,
    pictureIndex: 0,
    size: 64,
    backgroundCorrelation: 0,
    dropParts: 0,
    ...extra,
  };
}

/** Pairs of species with one to three differing parts, and how often each part is among them. */
function pairStatistics(species: readonly Species[]) {
  const pairs = new Map<number, number>();
  const alone = new Map<Part, number>(PARTS.map((part) => [part, 0]));
  const among = new Map<Part, number>(PARTS.map((part) => [part, 0]));
  species.forEach((a, i) =>
    species.slice(0, i).forEach((b) => {
      const parts = differingParts(a.appearance, b.appearance);
      const related = a.family === b.family;
      assert.equal(parts.length >= 1 && parts.length <= 3, related, `${a.name}, ${b.name}`);
      if (!related) return;
      pairs.set(parts.length, (pairs.get(parts.length) ?? 0) + 1);
      for (const part of parts) among.set(part, among.get(part)! + 1);
      if (parts.length === 1) alone.set(parts[0], alone.get(parts[0])! + 1);
    })
  );
  return { pairs: [1, 2, 3].map((n) => pairs.get(n) ?? 0), alone, among };
}

Deno.test("birds: the twelve species cover all seven parts with one-part pairs", () => {
  const { pairs, alone, among } = pairStatistics(designSpecies(12));
  assert.deepEqual(pairs, [9, 6, 3]);
  assert.ok([...alone.values()].every((count) => count >= 1 && count <= 2));
  assert.ok([...among.values()].every((count) => count >= 3 && count <= 6));
});

Deno.test("birds: two hundred species have balanced pairs and distinct names", () => {
  const species = designSpecies(200);
  const { pairs, alone, among } = pairStatistics(species);
  assert.deepEqual(pairs, [150, 100, 50]);
  const spread = (counts: Map<Part, number>) =>
    Math.max(...counts.values()) - Math.min(...counts.values());
  assert.ok(spread(alone) <= 2);
  assert.ok(spread(among) <= 4);
  assert.equal(new Set(species.map(({ name }) => name)).size, 200);
  for (const { name } of species) assert.match(name, /^[A-Z][a-z]+(_[A-Za-z][a-z]+)+$/);
});

Deno.test("birds: any number of species can be designed", () => {
  for (const count of [2, 3, 5, 9, 13]) {
    const species = designSpecies(count);
    assert.equal(species.length, count);
    pairStatistics(species);
  }
});

Deno.test("birds: every attribute speaks of exactly one part, and percentages are clear", () => {
  for (const attribute of ATTRIBUTES) {
    assert.equal(partsOfAttribute(attribute).length, 1, attribute);
  }
  for (const [i, { appearance }] of designSpecies(12).entries()) {
    for (const value of attributePercentages(appearance, i)) {
      assert.ok(value <= 16 || (value >= 68 && value <= 98));
    }
  }
});

Deno.test(
  "birds: files follow CUB's layout",
  inDirectory(async (directory) => {
    const root = join(directory, "new", "birds");
    assert.deepEqual(await generateBirds(root, SMALL), { images: 18 });
    const images = await table(root, "images.txt");
    const classes = await table(root, "classes.txt");
    const labels = await table(root, "image_class_labels.txt");
    const split = await table(root, "train_test_split.txt");
    const boxes = await table(root, "bounding_boxes.txt");
    const places = await table(root, "parts/part_locs.txt");
    const ids = (rows: string[][]) => rows.map(([id]) => Number(id));
    const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
    for (const rows of [images, labels, split, boxes]) assert.deepEqual(ids(rows), upTo(18));
    assert.deepEqual(ids(classes), upTo(3));
    assert.equal(split.filter(([, training]) => training === "1").length, 12);

    const partNames = (await Deno.readTextFile(join(root, "parts/parts.txt"))).trimEnd().split(
      "\n",
    );
    assert.deepEqual(partNames, CUB_PARTS.map((name, i) => `${i + 1} ${name}`));
    assert.equal(places.length, 18 * 15);
    places.forEach(([image, part, x, y, visible], i) => {
      assert.equal(Number(image), Math.floor(i / 15) + 1);
      assert.equal(Number(part), i % 15 + 1);
      for (const value of [x, y]) assert.match(value, /^\d+\.\d$/);
      assert.match(visible, /^[01]$/);
      if (visible === "0") assert.deepEqual([x, y], ["0.0", "0.0"]);
    });
    for (const [, ...box] of boxes) for (const value of box) assert.match(value, /^\d+\.\d$/);

    const attributes = await table(root, "attributes/attributes.txt");
    assert.deepEqual(ids(attributes), upTo(ATTRIBUTES.length));
    const continuous = await table(root, "attributes/class_attribute_labels_continuous.txt");
    assert.equal(continuous.length, 3);
    for (const row of continuous) {
      assert.equal(row.length, attributes.length);
      assert.ok(row.every((value) => Number(value) >= 0 && Number(value) <= 100));
    }

    for (const [i, [id, path]] of images.entries()) {
      const [folder, file] = path.split("/");
      const className = classes[Number(labels[i][1]) - 1][1];
      assert.equal(folder, className);
      assert.match(className, /^\d{3}\.[A-Z]\w+$/);
      assert.match(file, new RegExp(`^${className.slice(4)}_\\d{4}_${id}\\.jpg$`));
      const size = jpegSize(await Deno.readFile(join(root, "images", path)));
      assert.equal(Math.max(...size), 64);
      const mask = await readMask(join(root, "segmentations", path.replace(".jpg", ".png")));
      assert.deepEqual([mask.width, mask.height], size);
    }
    const files = [...(await readAll(root)).keys()];
    assert.equal(files.length, 18 * 2 + 10);
  }),
);

Deno.test(
  "birds: boxes fit the segmentations, and visible parts lie on the bird",
  inDirectory(async (directory) => {
    const root = join(directory, "birds");
    await generateBirds(root, { ...SMALL, trainPerClass: 8, size: 96, dropParts: 0.5 });
    const images = await table(root, "images.txt");
    const boxes = await table(root, "bounding_boxes.txt");
    const places = await table(root, "parts/part_locs.txt");
    const seen = new Set<string>();
    for (const [i, [, path]] of images.entries()) {
      const mask = await readMask(join(root, "segmentations", path.replace(".jpg", ".png")));
      const columns: number[] = [];
      const rows: number[] = [];
      for (let y = 0; y < mask.height; y++) {
        for (let x = 0; x < mask.width; x++) {
          if (mask.at(x, y) < 128) continue;
          columns.push(x);
          rows.push(y);
        }
      }
      const [left, top, width, height] = boxes[i].slice(1).map(Number);
      assert.deepEqual([left, top], [Math.min(...columns), Math.min(...rows)]);
      assert.deepEqual([left + width, top + height], [
        Math.max(...columns) + 1,
        Math.max(...rows) + 1,
      ]);
      const visible = places.slice(i * 15, i * 15 + 15).filter((row) => row[4] === "1");
      assert.ok(visible.length >= 3);
      for (const [, part, x, y] of visible) {
        seen.add(CUB_PARTS[Number(part) - 1]);
        const [px, py] = [Number(x), Number(y)];
        assert.ok(px >= left && px <= left + width && py >= top && py <= top + height);
        assert.ok(mask.at(Math.floor(px), Math.floor(py)) >= 128, `${path}: part ${part}`);
      }
      // A side view shows one eye.
      assert.ok(visible.filter(([, part]) => part === "7" || part === "11").length <= 1);
    }
    assert.equal(seen.size, CUB_PARTS.length);
  }),
);

Deno.test(
  "birds: a seed decides every byte, whatever the number of threads",
  inDirectory(async (directory) => {
    const options = { ...SMALL, trainPerClass: 12, testPerClass: 4 };
    const [one, two, other] = ["one", "two", "other"].map((name) => join(directory, name));
    await generateBirds(one, options);
    await generateBirds(two, { ...options, workers: 2 });
    await generateBirds(other, { ...SMALL, seed: 1 });
    const [first, second, third] = [await readAll(one), await readAll(two), await readAll(other)];
    assert.deepEqual(first, second);
    const picture = [...first.keys()].find((path) => path.endsWith("_0001_1.jpg"))!;
    assert.notDeepEqual(first.get(picture), third.get(picture));
  }),
);

Deno.test("birds: exchanging one part leaves the rest of the picture alone", async () => {
  const [before, after] = designSpecies(2);
  const [part] = differingParts(before.appearance, after.appearance);
  assert.equal(part, "wing");
  const [a, b] = [await drawPicture(request(before)), await drawPicture(request(after))];
  assert.notDeepEqual(a.jpeg, b.jpeg);
  assert.deepEqual([a.mask, a.box, a.parts], [b.mask, b.box, b.parts]);
});

Deno.test("birds: dropped parts are not annotated", async () => {
  const [species] = designSpecies(2);
  const complete = await drawPicture(request(species));
  const lacking = await drawPicture(request(species, { dropParts: 1 }));
  const count = (parts: readonly unknown[]) => parts.filter((part) => part !== null).length;
  assert.ok(count(lacking.parts) < count(complete.parts));
  lacking.parts.forEach((point, i) => {
    if (point) assert.deepEqual(point, complete.parts[i], "what is left stays where it was");
  });
});

Deno.test(
  "birds: an interrupted generation leaves nothing",
  inDirectory(async (directory) => {
    const root = join(directory, "birds");
    const stop = (done: number) => {
      if (done === 5) throw new Error("stopped");
    };
    await assert.rejects(generateBirds(root, { ...SMALL, onProgress: stop }), /stopped/);
    const threads = { ...SMALL, trainPerClass: 20, workers: 2, onProgress: stop };
    await assert.rejects(generateBirds(root, threads), /stopped/);
    const signal = AbortSignal.abort(new Error("aborted"));
    await assert.rejects(generateBirds(root, { ...SMALL, signal }), /Stopped before/);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(directory)), []);
  }),
);

Deno.test("birds: a failure on another thread ends the drawing", async () => {
  const appearance = { ...designSpecies(2)[0].appearance, leg: undefined as never };
  const broken = { ...request(designSpecies(2)[0]), appearance };
  const requests = Array.from({ length: 60 }, () => broken);
  await assert.rejects(drawAll(requests, 2, () => Promise.resolve()), /Drawing picture \d+ failed/);
});

Deno.test("birds: surroundings tell nothing of the class unless they are asked to", async () => {
  const wasm = new URL(
    "codec/dec/mozjpeg_dec.wasm",
    import.meta.resolve("npm:@jsquash/jpeg@1.6.0/decode.js"),
  );
  // The types lack the first argument.
  await (initJpeg as unknown as (module: WebAssembly.Module) => Promise<void>)(
    await WebAssembly.compile(await Deno.readFile(wasm)),
  );
  const [species] = designSpecies(2);
  // How much the upper left corner differs between pictures of one class.
  const spread = async (backgroundCorrelation: number) => {
    const corners: number[][] = [];
    for (let pictureIndex = 0; pictureIndex < 8; pictureIndex++) {
      const drawn = await drawPicture(request(species, { backgroundCorrelation, pictureIndex }));
      const { data } = await decodeJpeg(drawn.jpeg.buffer);
      corners.push([...data.slice(0, 3)]);
    }
    const mean = [0, 1, 2].map((c) => corners.reduce((sum, rgb) => sum + rgb[c], 0) / 8);
    return corners.reduce((sum, rgb) => sum + Math.hypot(...rgb.map((v, c) => v - mean[c])), 0) / 8;
  };
  assert.ok(await spread(1) < 0.6 * await spread(0));
});

Deno.test(
  "birds: a complete data set is kept, one of other options replaced",
  inDirectory(async (directory) => {
    const root = join(directory, "birds");
    await generateBirds(root, SMALL);
    const again = { ...SMALL, workers: 2, onProgress: () => assert.fail("drawn again") };
    assert.deepEqual(await generateBirds(root, again), { images: 18 });
    assert.deepEqual(await generateBirds(root, { ...SMALL, classes: 2 }), { images: 12 });
    assert.equal((await table(root, "images.txt")).length, 12);
    assert.equal((await Array.fromAsync(Deno.readDir(directory))).length, 1);

    await Deno.writeTextFile(join(root, "notes.txt"), "mine");
    await assert.rejects(generateBirds(root, SMALL), {
      name: "UserError",
      message: /holds a birds data set of other options and notes\.txt/,
    });
  }),
);

Deno.test(
  "birds: mistakes are explained",
  inDirectory(async (directory) => {
    const root = join(directory, "birds");
    const wrong: [BirdsOptions, RegExp][] = [
      [{ classes: 1 }, /^Option classes is 1; expected an integer from 2 to 200$/],
      [{ classes: 2.5 }, /^Option classes is 2\.5;/],
      [{ trainPerClass: 0 }, /^Option trainPerClass is 0;/],
      [{ size: 8 }, /^Option size is 8; expected an integer from 32 to 1024$/],
      [{ seed: -1 }, /^Option seed is -1;/],
      [{ workers: 0 }, /^Option workers is 0;/],
      [{ dropParts: 1.5 }, /^Option dropParts is 1\.5; expected a number from 0 to 1$/],
      [{ backgroundCorrelation: NaN }, /^Option backgroundCorrelation is NaN;/],
    ];
    for (const [options, message] of wrong) {
      await assert.rejects(generateBirds(root, options), (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, message);
        return true;
      });
    }
    await Deno.mkdir(root);
    await Deno.writeTextFile(join(root, "thesis.tex"), "");
    await assert.rejects(generateBirds(root, SMALL), {
      name: "UserError",
      message: /exists and is not a birds data set/,
    });
    await assert.rejects(generateBirds(join(root, "thesis.tex"), SMALL), {
      name: "UserError",
      message: /is a file; expected a directory/,
    });
    assert.deepEqual([...(await readAll(directory)).keys()], ["birds/thesis.tex"]);
  }),
);
