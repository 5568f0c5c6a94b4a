import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { decodePicture, encodePng } from "../../data/codecs.ts";
import { nameOutputs } from "../../cli/explain/names.ts";
import { gpuTest } from "../gpu.ts";
import { calm, refuses } from "./calm.ts";

const MODEL = fileURLToPath(new URL("../../viewer/birds.safetensors", import.meta.url));
const SAMPLES = fileURLToPath(new URL("../../viewer/samples", import.meta.url));
const BIRD = `${SAMPLES}/northern-mossthrush.jpg`;

/** An empty folder, removed after `body`. */
async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function explain(...args: string[]) {
  const run = ["explain", ...args, "--checkpoint", MODEL, "--json"];
  const { code, stdout, stderr } = await calm(run);
  assert.equal(code, 0, stderr);
  return { json: JSON.parse(stdout.trimEnd().split("\n").at(-1)!), stderr };
}

const listed = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

const namesOf = (...paths: string[]) => nameOutputs(paths).map(({ name }) => name);

Deno.test("names of outputs are the pictures' own; no two pictures share one", () => {
  assert.deepEqual(namesOf("x/a.jpg", "y/b.png", "c"), ["a", "b", "c"]);
  assert.deepEqual(namesOf("a-2.jpg", "a.jpg", "a.png"), ["a-2", "a", "a-3"]);
  assert.deepEqual(namesOf("a.jpg", "a.png", "a-2.jpg"), ["a", "a-3", "a-2"]);
  assert.deepEqual(namesOf("x/a.jpg", "y/a.jpg", "z/a.jpg"), ["a", "a-2", "a-3"]);
});

Deno.test("names that a file system may take for the same get numbers", () => {
  assert.deepEqual(namesOf("Wren.jpg", "wren.jpg", "WREN-2.jpg"), ["Wren", "wren-3", "WREN-2"]);
  assert.deepEqual(namesOf("caf\u00e9.jpg", "cafe\u0301.jpg"), ["caf\u00e9", "cafe\u0301-2"]);
});

Deno.test("a picture is not called as another one's map", () => {
  assert.deepEqual(namesOf("a-joint-3.png", "a.png"), ["a-joint-3-2", "a"]);
  assert.deepEqual(namesOf("a-grad-cam-3.png", "a-grad.png"), ["a-grad-cam-3-2", "a-grad"]);
  assert.deepEqual(namesOf("a-joint-3.png", "b.png"), ["a-joint-3", "b"]);
  const many = namesOf("a-2-joint-0.png", "a.jpg", "a.png");
  assert.deepEqual(many, ["a-2-joint-0", "a", "a-3"], "a-2's map would be the first picture");
});

gpuTest("pictures of the same stem are all explained", async () => {
  await withFolder(async (folder) => {
    for (const name of ["a.jpg", "a-2.jpg", "A.jpeg"]) {
      await Deno.copyFile(BIRD, `${folder}/${name}`);
    }
    const { json } = await explain(folder, "--out", `${folder}/maps`, "--npy", "--class", "3");
    assert.equal(json.outputs.length, 3);
    const stems = ["A", "a-2", "a-3"];
    const endings = [".png", ".svg", "-joint-3.png", "-joint-3.npy"];
    assert.deepEqual(
      await listed(`${folder}/maps`),
      stems.flatMap((stem) => endings.map((ending) => stem + ending)).sort(),
    );
  });
});

gpuTest("an output that is an input is refused before anything is written", async () => {
  await withFolder(async (folder) => {
    const pictures = `${folder}/pictures`;
    await Deno.mkdir(pictures);
    const sample = await Deno.readFile(BIRD);
    // A picture is known by its contents: these are all called as outputs of explain are.
    for (const name of ["bird.png", "bird.svg", "wren-joint-3.png", "wren-joint-3.npy", "wren"]) {
      await Deno.writeFile(`${pictures}/${name}`, sample);
    }
    await Deno.symlink(pictures, `${folder}/link`);
    await Deno.mkdir(`${folder}/other`);
    await Deno.symlink(`${pictures}/bird.png`, `${folder}/other/bird.png`);
    const before = await listed(pictures);
    const given = ["--checkpoint", MODEL, "--out"];
    const refused = async (args: string[], out: string, lost: string) => {
      const message = new RegExp(`would be written over .*${lost}, a picture to explain: choose`);
      await refuses(["explain", ...args, ...given, out], message);
      assert.deepEqual(await listed(pictures), before);
      for (const name of before) {
        assert.deepEqual(await Deno.readFile(`${pictures}/${name}`), sample, name);
      }
    };
    await refused([`${pictures}/bird.png`], pictures, "bird.png");
    await refused([`${pictures}/bird.png`], `${pictures}/../link/.`, "bird.png");
    await refused([`${folder}/link/bird.png`], pictures, "link/bird.png");
    await refused([`${pictures}/bird.png`], `${folder}/other`, "bird.png");
    await refused([`${pictures}/bird.svg`], pictures, "bird.svg");
    const wren = `${pictures}/wren`;
    await refused([wren, `${wren}-joint-3.png`], pictures, "wren-joint-3.png");
    await refused([wren, `${wren}-joint-3.npy`, "--npy"], pictures, "wren-joint-3.npy");
    // Nothing is lost where the maps are of another kind or class.
    const { json } = await explain(
      ...[wren, `${wren}-joint-3.png`, "--class", "4", "--map", "joint", "--out", pictures],
    );
    assert.deepEqual(json.figures.map(({ png }: { png: string }) => png), [
      `${pictures}/wren.png`,
      `${pictures}/wren-joint-3-2.png`,
    ]);
    assert.deepEqual(await Deno.readFile(`${wren}-joint-3.png`), sample);
  });
});

gpuTest("drawings of others are not replaced, our own are", async () => {
  await withFolder(async (folder) => {
    const picture = `${folder}/bird.jpg`;
    await Deno.copyFile(BIRD, picture);
    await explain(picture, "--out", folder);
    await explain(picture, "--out", folder);
    await Deno.writeTextFile(`${folder}/bird.svg`, "<svg/>");
    const given = ["--checkpoint", MODEL, "--out", folder];
    const foreign =
      /bird\.svg was not written by this program, and a drawing would replace it: move/;
    await refuses(["explain", picture, ...given], foreign);
    await Deno.remove(`${folder}/bird.svg`);
    await refuses(["explain", picture, ...given], /bird\.png was not written by/);
  });
});

gpuTest("a folder: links are followed, hidden files left out, contents count", async () => {
  await withFolder(async (folder) => {
    const pictures = `${folder}/pictures`;
    await Deno.mkdir(`${pictures}/folder.jpg`, { recursive: true });
    await Deno.symlink(BIRD, `${pictures}/link.jpg`);
    await Deno.symlink(SAMPLES, `${pictures}/link-to-folder.jpg`);
    await Deno.writeTextFile(`${pictures}/._link.jpg`, "Mac OS X");
    await Deno.writeTextFile(`${pictures}/notes.txt`, "not a picture");
    await Deno.copyFile(BIRD, `${pictures}/without-ending`);
    await Deno.copyFile(BIRD, `${pictures}/.hidden.jpg`);
    const images = async (...args: string[]) => {
      const { json } = await explain(...args, "--out", `${folder}/maps`);
      return json.outputs.map(({ image }: { image: string }) => image.slice(pictures.length + 1));
    };
    assert.deepEqual(await images(pictures), ["link.jpg", "without-ending"]);
    assert.deepEqual(await images(`${pictures}/*.jpg`), ["link.jpg"]);
    assert.deepEqual(await images(`${pictures}/.h*`), [".hidden.jpg"]);
    assert.deepEqual(await images(`${pictures}/.hidden.jpg`), [".hidden.jpg"]);
    const given = ["--checkpoint", MODEL, "--out", `${folder}/maps`];
    await refuses(["explain", `${pictures}/._link.jpg`, ...given], /\._link\.jpg is neither a/);
    await Deno.symlink(`${folder}/nowhere.jpg`, `${pictures}/broken.jpg`);
    await refuses(["explain", pictures, ...given], /broken\.jpg cannot be read/);
  });
});

gpuTest("--skip-corrupt says which pictures were left out", async () => {
  await withFolder(async (folder) => {
    const sample = await Deno.readFile(BIRD);
    await Deno.writeFile(`${folder}/a.jpg`, sample.subarray(0, 900));
    await Deno.writeFile(`${folder}/b.jpg`, sample);
    const out = ["--out", `${folder}/maps`];
    const { json, stderr } = await explain(folder, ...out, "--skip-corrupt");
    assert.deepEqual(json.outputs.map(({ image }: { image: string }) => image), [
      `${folder}/b.jpg`,
    ]);
    const [{ image, reason }] = json.skipped;
    assert.equal(image, `${folder}/a.jpg`);
    assert.match(reason, /a\.jpg is damaged: it is cut short/);
    assert.ok(stderr.includes(`Left out: ${reason}`));

    const given = ["--checkpoint", MODEL, ...out];
    await refuses(["explain", folder, ...given], /is damaged: .*; --skip-corrupt leaves such/);
    await Deno.remove(`${folder}/b.jpg`);
    await refuses(
      ["explain", folder, ...given, "--skip-corrupt"],
      /None of the 1 pictures is sound: .*a\.jpg is damaged/,
    );
  });
});

gpuTest(
  "reports and figures of others are not replaced, and nothing is trained first",
  async () => {
    await withFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/report.html`, "my notes");
      await Deno.writeTextFile(`${folder}/figure3.svg`, "<svg/>");
      const out = ["--out", folder];
      const data = `${folder}/birds`;
      const sizes = ["--classes", "2", "--train", "2", "--test", "1", "--size", "48"];
      assert.equal((await calm(["data", "birds", data, ...sizes])).code, 0);
      const given = ["--data", data, "--checkpoint", MODEL];
      const foreign = /report\.html was not written by this program/;
      await refuses(["train", "--data", data, "--epochs", "1", ...out], foreign);
      await refuses(["eval", "all", ...given, ...out], foreign);
      await refuses(["figure", "3", ...given, ...out], /figure3\.svg was not written/);
      assert.deepEqual(await listed(folder), ["birds", "figure3.svg", "report.html"]);
      assert.equal(await Deno.readTextFile(`${folder}/report.html`), "my notes");
    });
  },
);

gpuTest("a picture of one row of pixels is explained", async () => {
  await withFolder(async (folder) => {
    const row = await encodePng({ width: 3000, height: 1, data: new Uint8Array(9000).fill(90) });
    await Deno.writeFile(`${folder}/row.png`, row);
    const { json: { outputs } } = await explain(`${folder}/row.png`, "--out", `${folder}/maps`);
    const drawn = await decodePicture(await Deno.readFile(outputs[0].png), outputs[0].png);
    assert.deepEqual([drawn.width, drawn.height], [1024, 1]);
  });
});
