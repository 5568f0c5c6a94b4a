import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { encodeJpeg, encodePng } from "../../data/codecs.ts";
import { BatchLoader } from "../../data/loader.ts";
import { loadWsol } from "../../data/wsol_dataset.ts";
import type { Gpu } from "../../engine/gpu.ts";
import { Random } from "../../engine/random.ts";
import { explain } from "../../eval/maps/explain.ts";
import { minMax } from "../../eval/measures/min_max.ts";
import { encodeNpy } from "../../eval/measures/npy.ts";
import { upscale } from "../../eval/maps/upscale.ts";
import { openModel } from "../../model/stored/open_model.ts";
import { ilsvrcFiles, openImagesFiles, withFolder } from "../data/wsol_folder.ts";
import { gpuTest } from "../gpu.ts";
import { calm, refuses, SMALL, withBirds } from "./calm.ts";

const SIDE = 224;
const last = (stdout: string) => JSON.parse(stdout.trimEnd().split("\n").at(-1)!);

/** The command that evaluates the maps of a folder. */
const command = (folder: string) => [
  ...["eval", "wsol", "--scoremaps", `${folder}/maps`],
  ...["--metadata", `${folder}/meta`],
];

/** What it prints with --json. */
async function evaluate(args: string[]) {
  const { code, stdout, stderr } = await calm([...args, "--json"]);
  assert.equal(code, 0, stderr);
  return last(stdout);
}

/** A map that is 1 inside of a rectangle and 0 elsewhere. */
function rectangle(x0: number, y0: number, x1: number, y1: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    return x >= x0 && x < x1 && y >= y0 && y < y1 ? 1 : 0;
  });
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["maps/a", "meta", "masks"]) {
      await Deno.mkdir(join(folder, name), { recursive: true });
    }
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function write(folder: string, files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [name, contents] of Object.entries(files)) {
    const bytes = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
    await Deno.writeFile(join(folder, name), bytes);
  }
}

Deno.test("eval wsol --scoremaps: boxes in wsolevaluation's layout, and what is wrong with maps", async () => {
  await inFolder(async (folder) => {
    await write(folder, {
      // No newline at the end, as in some of the benchmark's files.
      "meta/image_ids.txt": "a/1.jpg\na/2.jpg\na/3.jpg",
      "meta/class_labels.txt": "a/1.jpg,0\na/2.jpg,0\na/3.jpg,1\n",
      "meta/image_sizes.txt": "a/1.jpg,448,224\na/2.jpg,224,224\na/3.jpg,112,112\n",
      // 2.jpg has two boxes, the second of which is found.
      "meta/localization.txt":
        "a/1.jpg,40,20,200,120\na/2.jpg,0,0,20,20\na/2.jpg,100,100,180,180\na/3.jpg,5,5,20,20\n",
      // In pixels of the map the first box is 20, 20 to 100, 120.
      "maps/a/1.jpg.npy": encodeNpy(rectangle(20, 20, 100, 120), [SIDE, SIDE]),
      "maps/a/2.jpg.npy": encodeNpy(rectangle(100, 100, 180, 180), [SIDE, SIDE]),
      // A quarter of its box: IoU 0.25 at most.
      "maps/a/3.jpg.npy": encodeNpy(rectangle(10, 10, 25, 25), [SIDE, SIDE]),
    });
    const options = command(folder);
    const result = await evaluate(options);
    const two = 200 / 3;
    const { max_box_acc: levels, max_box_acc_single_50: single, images } = result;
    assert.deepEqual(levels, { "30": two, "50": two, "70": two, mean: (two + two + two) / 3 });
    assert.deepEqual([single, images], [two, 3]);
    assert.ok(!("top1" in result) && !("test_optimal" in result), "nothing is classified");

    await write(folder, {
      "maps/a/3.jpg.npy": encodeNpy(new Float32Array(SIDE * SIDE).fill(2), [SIDE, SIDE]),
    });
    await refuses(options, /3\.jpg\.npy: A score is 2, expected a number from 0 to 1/);
    await write(folder, { "maps/a/3.jpg.npy": encodeNpy(new Float32Array(49), [7, 7]) });
    await refuses(options, /3\.jpg\.npy has shape \[7,7\], expected \[224,224\]/);
    await write(folder, { "maps/a/3.jpg.npy": "no array" });
    await refuses(options, /3\.jpg\.npy is not a \.npy file that can be read/);
    await Deno.remove(`${folder}/maps/a/3.jpg.npy`);
    await refuses(options, /3\.jpg\.npy cannot be read/);
    await write(folder, { "meta/localization.txt": "a/1.jpg,40,20,200,120\n" });
    await refuses(options, /localization\.txt has no line for a\/2\.jpg/);
    await refuses(options.slice(0, 4), /--scoremaps needs --metadata DIR/);
  });
});

Deno.test("eval wsol --scoremaps: thresholds chosen on maps of other pictures", async () => {
  await inFolder(async (folder) => {
    const lists = (meta: string, id: string) => ({
      [`${meta}/image_ids.txt`]: id,
      [`${meta}/image_sizes.txt`]: `${id},224,224`,
      [`${meta}/localization.txt`]: `${id},20,20,100,120`,
    });
    // Found below 0.5; of the other one the object stands out above 0.6 only.
    const faint = rectangle(20, 20, 100, 120).map((value) => value / 2);
    faint[0] = 1;
    const bright = rectangle(20, 20, 100, 120).map((value) => value === 1 ? 1 : 0.6);
    await Deno.mkdir(join(folder, "val"));
    await write(folder, {
      ...lists("meta", "a.jpg"),
      ...lists("val", "b.jpg"),
      "maps/a.jpg.npy": encodeNpy(faint, [SIDE, SIDE]),
      "maps/b.jpg.npy": encodeNpy(bright, [SIDE, SIDE]),
    });
    const best = await evaluate(command(folder));
    assert.deepEqual([best.max_box_acc.mean, best.thresholds[50]], [100, 0]);
    const val = ["--val-scoremaps", `${folder}/maps`, "--val-metadata", `${folder}/val`];
    const tuned = await evaluate([...command(folder), ...val]);
    assert.equal(tuned.max_box_acc.mean, 0);
    assert.deepEqual(tuned.test_optimal, {
      max_box_acc: best.max_box_acc,
      max_box_acc_single_50: best.max_box_acc_single_50,
      thresholds: best.thresholds,
    });
    assert.ok(tuned.thresholds[50] >= 0.6 && tuned.thresholds[50] < 0.62, tuned.thresholds[50]);
    await refuses([...command(folder), ...val.slice(0, 2)], /--val-scoremaps needs --val-metadata/);
  });
});

Deno.test("eval wsol --scoremaps: masks of several objects, and what is to be ignored", async () => {
  await inFolder(async (folder) => {
    const picture = async (map: Float32Array) => {
      const data = Uint8Array.from(
        { length: 3 * map.length },
        (_, i) => 255 * map[Math.floor(i / 3)],
      );
      return await encodePng({ width: SIDE, height: SIDE, data });
    };
    await write(folder, {
      "meta/image_ids.txt": "a/1.jpg\n",
      "meta/class_labels.txt": "a/1.jpg,0\n",
      "meta/image_sizes.txt": "",
      "meta/localization.txt": "a/1.jpg,one.png,ignore.png\na/1.jpg,two.png,\n",
      "masks/one.png": await picture(rectangle(0, 0, 50, 50)),
      "masks/two.png": await picture(rectangle(60, 0, 110, 50)),
      "masks/ignore.png": await picture(rectangle(0, 0, 120, 60)),
      // Everything that counts is found first: what lies between the objects is ignored.
      "maps/a/1.jpg.npy": encodeNpy(rectangle(0, 0, 120, 60), [SIDE, SIDE]),
    });
    const options = command(folder);
    const { pxap } = await evaluate([...options, "--masks", `${folder}/masks`]);
    assert.equal(pxap, 100);
    await refuses(options, /has masks: say with --masks where they are/);
  });
});

gpuTest("eval wsol of a model: boxes of birds", async () => {
  await withBirds(async (data, out) => {
    const train = ["train", "--data", data, ...SMALL, "--epochs", "1", "--out", out];
    assert.equal((await calm([...train, "--method", "cam"])).code, 0);
    const model = ["--checkpoint", `${out}/checkpoint.safetensors`, "--data", data];
    const { images, max_box_acc: levels } = await evaluate(["eval", "wsol", ...model]);
    assert.equal(images, 12);
    assert.ok(levels[30] >= levels[50] && levels[50] >= levels[70] && levels[30] > 0);
    const centre = await evaluate(["eval", "wsol", ...model, "--map", "centre"]);
    assert.ok(centre.max_box_acc[30] > 0 && !("top1" in centre), "no model's opinion");
    await Deno.writeTextFile(`${data}/bounding_boxes.txt`, "1 2 3\n");
    await refuses(["eval", "wsol", ...model], /bounding_boxes\.txt:1: expected "image x y width/);
  });
});

/** Writes a model's maps of the true classes as wsolevaluation wants them. */
async function writeScoreMaps(
  gpu: Gpu,
  { checkpoint, root, name, to }: {
    readonly checkpoint: string;
    readonly root: string;
    readonly name: "ILSVRC" | "OpenImages";
    readonly to: string;
  },
): Promise<void> {
  const { model, crop } = await openModel(gpu, checkpoint);
  const { test } = await loadWsol(root, name);
  const loader = BatchLoader.inOrder(test, { crop, batchSize: 2 });
  for await (const batch of loader.batches(0)) {
    for (const [n, { map }] of (await explain(model, batch)).entries()) {
      const scores = Float32Array.from(minMax(upscale(map("joint", batch.labels[n]), SIDE)));
      const path = join(to, `${test.ids[batch.indices[n]]}.npy`);
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeFile(path, encodeNpy(scores, [SIDE, SIDE]));
    }
  }
  loader.close();
  model.dispose();
}

/** A picture of noise: maps of grey ones are flat. */
async function noisy(seed: number): Promise<Uint8Array> {
  const random = Random.of(seed);
  const data = Uint8Array.from({ length: 3 * 24 * 20 }, () => random.int(256));
  return await encodeJpeg({ width: 24, height: 20, data });
}

gpuTest(
  "eval wsol of a model on ILSVRC and OpenImages: as of its maps in a folder",
  async (gpu) => {
    const half = Uint8Array.from({ length: 3 * 24 * 20 }, (_, i) => (i / 3) % 24 < 12 ? 255 : 0);
    const files = { ...await ilsvrcFiles(), ...await openImagesFiles() };
    for (const [i, name] of Object.keys(files).entries()) {
      if (/\.(jpe?g|JPEG)$/.test(name)) files[name] = await noisy(i);
      if (/b_m1\.png$/.test(name)) {
        files[name] = await encodePng({
          width: 24,
          height: 20,
          data: half,
        });
      }
      if (/b_ignore\.png$/.test(name)) {
        const data = half.map((value, i) => i / 3 < 24 * 10 ? 0 : 255 - value);
        files[name] = await encodePng({ width: 24, height: 20, data });
      }
    }
    for (const id of ["0bt_c3/x.jpg", "0bt9lr/y.jpg"]) {
      files[`dataset/OpenImages/train/${id}`] = await noisy(99);
    }
    files["supersets.json"] = '[["n02084071", "n01503061"]]';
    await withFolder(files, async (root) => {
      for (const name of ["ILSVRC", "OpenImages"] as const) {
        const data = ["--dataset", name.toLowerCase(), "--data", root];
        const checkpoint = `${root}/run-${name}/checkpoint.safetensors`;
        const sizes = ["--resize", "24", "--crop", "24", "--batch-size", "2", "--epochs", "1"];
        const trained = await calm(["train", ...data, ...sizes, "--out", dirname(checkpoint)]);
        assert.equal(trained.code, 0, trained.stderr);
        const model = ["eval", "wsol", ...data, "--checkpoint", checkpoint, "--batch-size", "2"];
        const own = await evaluate(model);
        await writeScoreMaps(gpu, { checkpoint, root, name, to: `${root}/maps` });
        const ofMaps = await evaluate([
          ...["eval", "wsol", "--scoremaps", `${root}/maps`],
          ...["--metadata", `${root}/metadata/${name}/test`, "--masks", `${root}/dataset/${name}`],
        ]);
        if (name === "OpenImages") {
          assert.ok(own.pxap > 0 && Math.abs(own.pxap - ofMaps.pxap) < 0.05, `${ofMaps.pxap}`);
          await refuses([...model, "--thresholds-on", "val"], /openimages has masks, whose PxAP/);
          continue;
        }
        assert.deepEqual(own.max_box_acc, ofMaps.max_box_acc);
        assert.equal(own.images, 3);
        const tuned = await evaluate([...model, "--thresholds-on", "val"]);
        const val = await evaluate([...model, "--split", "val"]);
        assert.deepEqual(tuned.thresholds, val.thresholds);
        assert.deepEqual(tuned.test_optimal.max_box_acc, own.max_box_acc);
        assert.deepEqual(tuned.test_optimal.top1, own.top1);
        for (const iou of [30, 50, 70]) {
          assert.ok(own.top1.max_box_acc[iou] <= own.max_box_acc[iou]);
        }
        assert.equal(val.images, 2);
        const superset = ["--supersets", `${root}/supersets.json`];
        const added = await evaluate([...model, "--map", "subset", ...superset]);
        const saliency = await evaluate([...model, "--map", "saliency"]);
        assert.deepEqual(added.max_box_acc, saliency.max_box_acc, "both classes: p(z|x)");
        await refuses([...model, "--map", "subset"], /ilsvrc needs --supersets FILE\|DIR/);
        await refuses(
          [...model, "--thresholds-on", "train"],
          /where the objects of its train split/,
        );
        const list = `${root}/metadata/ILSVRC/test/image_sizes.txt`;
        await Deno.writeTextFile(
          list,
          (await Deno.readTextFile(list)).replaceAll("24,20", "20,24"),
        );
        await refuses(model, /1\.JPEG has 24 × 20 pixels, but .*image_sizes\.txt says 20 × 24/);
      }
    });
  },
);
