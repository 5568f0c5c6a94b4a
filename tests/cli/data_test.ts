import assert from "node:assert/strict";
import { join } from "node:path";
import { encodePng } from "../../data/codecs.ts";
import codecs from "../data/goldens/codecs.json" with { type: "json" };
import { ilsvrcFiles, withFolder, write } from "../data/wsol_folder.ts";
import { gpuTest } from "../gpu.ts";
import { calm, refuses, SMALL, withBirds } from "./calm.ts";

Deno.test("a data folder that was mistyped is named, and nothing is drawn into it", async () => {
  await withFolder({}, async (root) => {
    const mistyped = join(root, "brids");
    const message = /brids does not exist: \.\/calm data birds \S+brids draws birds there/;
    for (const command of [["train"], ["train", "--dry-run"], ["eval", "all"]]) {
      await refuses([...command, "--data", mistyped], message);
    }
    // Folders that were made for the run go with it; one that was there stays.
    const run = join(root, "kept", "a", "b");
    await Deno.mkdir(join(root, "kept"));
    await refuses(["train", "--data", mistyped, "--out", run], message);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(join(root, "kept"))), []);
    await Deno.remove(join(root, "kept"));
    assert.deepEqual(await Array.fromAsync(Deno.readDir(root)), []);
  });
});

Deno.test("labels that begin at 1 are not trained on, and evaluation says so", async () => {
  await withFolder(await ilsvrcFiles(), async (root) => {
    const list = `${root}/metadata/ILSVRC/train/class_labels.txt`;
    const from0 = await Deno.readTextFile(list);
    await Deno.writeTextFile(list, from0.replaceAll(",1", ",2").replaceAll(",0", ",1"));
    const message =
      /1 of 3 classes has no training picture: class 0; labels begin at 1, expected 0/;
    await refuses(["train", "--dataset", "ilsvrc", "--data", root], message);
    await refuses(["train", "--dataset", "ilsvrc", "--data", root, "--dry-run"], message);
    const options = ["--dataset", "ilsvrc", "--data", root, "--checkpoint", `${root}/none`];
    const { stderr } = await calm(["eval", "classification", ...options]);
    assert.match(stderr, message);
  });
});

Deno.test({
  name: "birds are not drawn where nothing can be written",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await refuses(["data", "birds", "/proc/birds"], /cannot be drawn into \/proc\/birds: /);
    await withFolder({ "a.txt": "" }, async (root) => {
      await refuses(["data", "birds", `${root}/a.txt`], /a\.txt, or what it lies in, is a file/);
      await refuses(["data", "birds", `${root}/a.txt/b`], /a\.txt\/b, or what it lies in, is a/);
    });
  },
});

Deno.test("data check takes no options of data birds, and the other way round", async () => {
  await refuses(
    ["data", "check", ".", "--classes", "3"],
    /--classes is not for \.\/calm data check/,
  );
  await refuses(["data", "birds", "x", "--decode"], /--decode is not for \.\/calm data birds/);
});

Deno.test("data check --decode finds a picture that is cut short", async () => {
  await withFolder(await ilsvrcFiles(), async (root) => {
    const path = `${root}/dataset/ILSVRC/val2/0/0.jpeg`;
    await Deno.writeFile(path, (await Deno.readFile(path)).slice(0, -30));
    assert.equal((await calm(["data", "check", root])).code, 0);
    const { code, stdout } = await calm(["data", "check", root, "--decode"]);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /1 of 2 val pictures of .* cannot be decoded: .*0\.jpeg is damaged: it is cut/,
    );
  });
});

gpuTest("CMYK, WebP and very wide pictures are trained on and explained", async () => {
  await withBirds(async (data, out) => {
    const wide = { width: 60000, height: 1, data: new Uint8Array(180000).fill(90) };
    const tall = { ...wide, width: 1, height: 60000 };
    const odd = [
      ...["jpeg_cmyk", "webp_lossless_alpha"].map((name) =>
        Uint8Array.fromBase64(codecs.files[name as keyof typeof codecs.files].base64)
      ),
      await encodePng(wide),
      await encodePng(tall),
    ];
    const list = (await Deno.readTextFile(`${data}/images.txt`)).trimEnd().split("\n");
    const names = list.map((line) => line.split(" ")[1]);
    // Four training pictures of the first class.
    for (const [i, bytes] of odd.entries()) await write(`${data}/images`, { [names[i]]: bytes });
    const hostile = '1 001.<script>]]>&lt;\n2 002."\'`$(x)\n3 003.=HYPERLINK("http://x",|)\n';
    await Deno.writeTextFile(`${data}/classes.txt`, hostile);

    const train = ["train", "--data", data, ...SMALL, "--epochs", "1", "--out", out];
    const trained = await calm(train);
    assert.equal(trained.code, 0, trained.stderr);
    const pictures = odd.map((_, i) => `${data}/images/${names[i]}`);
    const model = ["--checkpoint", `${out}/checkpoint.safetensors`, "--out", `${out}/maps`];
    const explained = await calm(["explain", ...pictures, ...model, "--json"]);
    assert.equal(explained.code, 0, explained.stderr);
    assert.equal((await Array.fromAsync(Deno.readDir(`${out}/maps`))).length, 3 * odd.length);
  });
});
