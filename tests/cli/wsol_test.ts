import assert from "node:assert/strict";
import { join } from "node:path";
import { encodePng } from "../../data/codecs.ts";
import { encodeNpy } from "../../eval/npy.ts";
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
    await Deno.writeTextFile(`${data}/bounding_boxes.txt`, "1 2 3\n");
    await refuses(["eval", "wsol", ...model], /bounding_boxes\.txt:1: expected "image x y width/);
  });
});
