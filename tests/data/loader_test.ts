import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { loadCub } from "../../data/cub.ts";
import { loadFashionMnist } from "../../data/fashion_mnist.ts";
import { type Batch, BatchLoader, type LoaderOptions } from "../../data/loader.ts";
import { withCub } from "./cub_folder.ts";

const OPTIONS: LoaderOptions = {
  batchSize: 4,
  transform: { resize: 18, crop: 16, flip: true },
  train: true,
  seed: 3,
  workers: 2,
};

async function collect(loader: BatchLoader, epoch: number, from = 0): Promise<Batch[]> {
  const batches = [];
  for await (const batch of loader.batches(epoch, (number) => number >= from)) batches.push(batch);
  return batches;
}

Deno.test("batches do not depend on workers, the cache or where an epoch is resumed", async () => {
  await withCub(async (root) => {
    const { train, test, classes } = await loadCub(root);
    assert.deepEqual([train.ids.length, test.ids.length, classes.length], [6, 2, 2]);
    const loaders = [
      new BatchLoader(train, OPTIONS),
      new BatchLoader(train, { ...OPTIONS, workers: 1, cacheBytes: 0, prefetch: 1 }),
    ];
    const [first, second] = await Promise.all(loaders.map((loader) => collect(loader, 2)));
    assert.deepEqual(first, second);
    assert.deepEqual(first.map(({ size }) => size), [4, 2]);
    assert.deepEqual(await collect(loaders[0], 2, 1), first.slice(1));
    assert.notDeepEqual(await collect(loaders[0], 3), first);
    for (const loader of loaders) loader.close();
  });
});

Deno.test("a loader that is left early neither hangs nor leaks", async () => {
  await withCub(async (root) => {
    const loader = new BatchLoader((await loadCub(root)).train, OPTIONS);
    for await (const batch of loader.batches(1)) {
      assert.equal(batch.size, 4);
      break;
    }
    loader.close();
  });
});

Deno.test("dropLast leaves out the smaller last batch and nothing else", async () => {
  await withCub(async (root) => {
    const { train } = await loadCub(root);
    const loaders = [OPTIONS, { ...OPTIONS, dropLast: true }].map((options) =>
      new BatchLoader(train, options)
    );
    assert.deepEqual(loaders.map(({ batchesPerEpoch }) => batchesPerEpoch), [2, 1]);
    const [all, whole] = await Promise.all(loaders.map((loader) => collect(loader, 1)));
    assert.deepEqual(whole, all.slice(0, 1));
    for (const loader of loaders) loader.close();
  });
});

Deno.test("a closed loader rejects what is awaited and starts no workers again", async () => {
  await withCub(async (root) => {
    const loader = new BatchLoader((await loadCub(root)).train, { ...OPTIONS, cacheBytes: 0 });
    const awaited = loader.batches(1).next();
    loader.close();
    await assert.rejects(awaited, /^Error: The pictures were closed$/);
    await assert.rejects(collect(loader, 2), /^Error: The pictures were closed$/);
  });
});

/** Runs read_only_epoch.ts on a CUB folder; whatever stays alive too long is ended. */
async function beginEpoch(root: string, permission: string) {
  const script = new URL("./read_only_epoch.ts", import.meta.url).pathname;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", permission, script, root],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const limit = setTimeout(() => process.kill("SIGKILL"), 20_000);
  const { code, stdout, stderr } = await process.output();
  clearTimeout(limit);
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

Deno.test("reading needs no permission but to read, and no worker outlives close", async () => {
  await withCub(async (root) => {
    const { code, stdout, stderr } = await beginEpoch(root, "--allow-read");
    assert.deepEqual([code, stdout], [0, "4\n"], stderr);
  });
});

Deno.test("a decoder that cannot be loaded is not taken for damaged pictures", async () => {
  await withCub(async (root) => {
    // The program's own code may be read, the decoders' packages may not.
    const sources = ["data", "engine"].map((folder) =>
      new URL(`../../${folder}`, import.meta.url).pathname
    );
    const permission = `--allow-read=${[root, ...sources].join()}`;
    const { code, stderr } = await beginEpoch(root, permission);
    assert.equal(code, 1);
    assert.match(stderr, /^error: Uncaught .* Error: Requires read access to .*mozjpeg_dec\.wasm/);
  });
});

Deno.test("a damaged picture stops the run by name, or is left out with skipCorrupt", async () => {
  await withCub(async (root) => {
    const path = `${root}/images/001.Wren/Wren_3.jpg`;
    const bytes = await Deno.readFile(path);
    await Deno.writeFile(path, bytes.subarray(0, bytes.length >> 1));
    const { train } = await loadCub(root);
    const strict = new BatchLoader(train, OPTIONS);
    await assert.rejects(
      collect(strict, 1),
      /^UserError: .*Wren_3\.jpg is damaged: .*such pictures can be left out$/,
    );
    strict.close();
    const told: string[] = [];
    const lenient = new BatchLoader(train, {
      ...OPTIONS,
      skipCorrupt: true,
      onSkip: (message) => told.push(message),
    });
    for (const epoch of [1, 2]) {
      const indices = (await collect(lenient, epoch)).flatMap(({ indices }) => [...indices]);
      assert.deepEqual(indices.sort(), [0, 1, 3, 4, 5]);
    }
    assert.equal(told.length, 1);
    assert.match(told[0], /Wren_3\.jpg is damaged/);
    lenient.close();
  });
});

Deno.test("a split without a sound picture is an error even with skipCorrupt", async () => {
  await withCub(async (root) => {
    const { test } = await loadCub(root);
    assert.ok(test.source.kind === "files");
    for (const path of test.source.paths) await Deno.writeTextFile(path, "");
    const loader = new BatchLoader(test, { ...OPTIONS, skipCorrupt: true });
    await assert.rejects(
      collect(loader, 1),
      /^UserError: None of the 2 pictures of the test split/,
    );
    loader.close();
  });
});

const damages: [name: string, file: string, content: string | null, message: RegExp][] = [
  [
    "a control character in a class name",
    "classes.txt",
    "1 001.Wren\n2 002.\tFinch\n3 003.\x1b[2J\n",
    /classes\.txt:2: the class name "002\.\\tFinch" has the control character U\+0009$/,
  ],
  [
    "a class name that appears twice",
    "classes.txt",
    "1 001.Wren\n2 001.Wren\n",
    /classes\.txt:2: the class name "001\.Wren" appears twice, first at .*classes\.txt:1$/,
  ],
  [
    "a class without name",
    "classes.txt",
    "1 001.Wren\n2 \n",
    /classes\.txt:2: expected "id value", found "2"$/,
  ],
  ["a missing list", "classes.txt", null, /is not a complete CUB folder: classes\.txt missing/],
  [
    "a missing label",
    "image_class_labels.txt",
    "1 1\n2 1\n",
    /no line for picture 3 of .*images\.txt:3 /,
  ],
  [
    "a label too many",
    "image_class_labels.txt",
    lines(9, 1),
    /labels\.txt:9 has a line for picture 9/,
  ],
  [
    "an unknown class",
    "image_class_labels.txt",
    lines(8, 3),
    /labels\.txt:1: picture 1 has class 3, which is not/,
  ],
  ["a malformed line", "images.txt", "1 a.jpg\noops\n", /images\.txt:2: expected "id value"/],
  ["a repeated id", "images.txt", "1 a.jpg\n1 b.jpg\n", /images\.txt:2: id 1 appears twice/],
  [
    "an odd split",
    "train_test_split.txt",
    lines(8, 2),
    /split\.txt:1: picture 1 has "2", expected 0 or 1/,
  ],
  ["an empty split", "train_test_split.txt", lines(8, 1), /leaves no pictures for the test split/],
  [
    "a missing picture",
    "images.txt",
    lines(8, "gone.jpg"),
    /8 of 8 pictures are missing, the first is .*gone\.jpg/,
  ],
];

function lines(count: number, value: number | string): string {
  return Array.from({ length: count }, (_, i) => `${i + 1} ${value}\n`).join("");
}

for (const [name, file, content, message] of damages) {
  Deno.test(`a CUB folder with ${name} is refused`, async () => {
    await withCub(async (root) => {
      if (content === null) await Deno.remove(`${root}/${file}`);
      else await Deno.writeTextFile(`${root}/${file}`, content);
      await assert.rejects(loadCub(root), (error: Error) => {
        assert.equal(error.name, "UserError");
        assert.match(error.message, message);
        return true;
      });
    });
  });
}

Deno.test("folders that are missing or something else are named", async () => {
  await assert.rejects(loadCub("/no/such/folder"), /data folder \/no\/such\/folder does not exist/);
  const root = await Deno.makeTempDir();
  await assert.rejects(loadCub(root), /is not a CUB folder: it holds no images\.txt/);
  await assert.rejects(loadFashionMnist(root), /is missing: install Debian's package/);
  await Deno.remove(root);
});

Deno.test("Fashion-MNIST files are checked against their headers", async () => {
  const root = await Deno.makeTempDir();
  const idx = (shape: number[], data: number[]) => {
    const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 0x800 + shape.length);
    shape.forEach((extent, i) => view.setUint32(4 + 4 * i, extent));
    bytes.set(data, 4 + 4 * shape.length);
    return bytes;
  };
  const write = (name: string, bytes: Uint8Array) => Deno.writeFile(`${root}/${name}`, bytes);
  const images = idx([2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7]);
  for (const prefix of ["train", "t10k"]) {
    await write(`${prefix}-images-idx3-ubyte`, images);
    await write(`${prefix}-labels-idx1-ubyte`, idx([2], [9, 0]));
  }
  const { train } = await loadFashionMnist(root);
  assert.deepEqual([...train.labels], [9, 0]);
  await write("train-labels-idx1-ubyte", idx([2], [9, 10]));
  await assert.rejects(loadFashionMnist(root), /label 1 is 10, expected 0 to 9/);
  await write("train-labels-idx1-ubyte", idx([3], [1, 2, 3]));
  await assert.rejects(loadFashionMnist(root), /has 3 labels, but .* has 2 pictures/);
  await write("train-images-idx3-ubyte", images.subarray(0, 20));
  await assert.rejects(loadFashionMnist(root), /holds 4 bytes of data, its header says 8/);
  await write("train-images-idx3-ubyte", idx([2], [9, 0]));
  await assert.rejects(loadFashionMnist(root), /begins with 0x00000801 .*, expected 0x00000803/);
  await write("train-images-idx3-ubyte.gz", gzipSync(images).subarray(0, -10));
  await assert.rejects(loadFashionMnist(root), /ubyte\.gz is damaged/);
  await write("train-images-idx3-ubyte.gz", gzipSync(images));
  await write("train-labels-idx1-ubyte", idx([2], [9, 0]));
  assert.deepEqual((await loadFashionMnist(root)).train, train);
  await Deno.remove(root, { recursive: true });
});
