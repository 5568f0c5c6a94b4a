import assert from "node:assert/strict";
import { gpuTest } from "../gpu.ts";
import { calm, refuses, SMALL, withBirds } from "./calm.ts";

/** Leaves only the pictures of the first classes of a folder in CUB's layout, and no annotations. */
async function keepClasses(data: string, count: number): Promise<void> {
  const read = async (name: string) =>
    (await Deno.readTextFile(`${data}/${name}`)).trim().split("\n").map((line) => line.split(" "));
  const labels = await read("image_class_labels.txt");
  const kept = new Set(labels.filter(([, label]) => Number(label) <= count).map(([id]) => id));
  for (const name of ["images.txt", "image_class_labels.txt", "train_test_split.txt"]) {
    const lines = (await read(name)).filter(([id]) => kept.has(id));
    await Deno.writeTextFile(
      `${data}/${name}`,
      lines.map((line) => `${line.join(" ")}\n`).join(""),
    );
  }
  const classes = (await read("classes.txt")).slice(0, count);
  await Deno.writeTextFile(
    `${data}/classes.txt`,
    classes.map((line) => `${line.join(" ")}\n`).join(""),
  );
  for (const name of ["attributes", "parts", "segmentations", "bounding_boxes.txt"]) {
    await Deno.remove(`${data}/${name}`, { recursive: true });
  }
}

gpuTest("one class: trains, explains and is evaluated; nothing is told from nothing", async () => {
  await withBirds(async (data, out) => {
    await keepClasses(data, 1);
    const of = ["--dataset", "cub", "--data", data];
    const train = await calm(["train", ...of, ...SMALL, "--epochs", "1", "--out", out]);
    assert.equal(train.code, 0, train.stderr);
    const report = await Deno.readTextFile(`${out}/report.html`);
    assert.doesNotMatch(report, /rather than|undefined|NaN/);
    const checkpoint = ["--checkpoint", `${out}/checkpoint.safetensors`];
    const [id] = (await Deno.readTextFile(`${data}/images.txt`)).split("\n");
    const picture = `${data}/images/${id.split(" ")[1]}`;
    const explain = ["explain", picture, ...checkpoint, "--out", `${out}-maps`];
    const maps = await calm([...explain, "--map", "joint,saliency,gradient"]);
    assert.equal(maps.code, 0, maps.stderr);
    await refuses(
      [...explain, "--map", "counterfactual"],
      /--map is "counterfactual", expected one of joint, .* for a model of calm-em with one class/,
    );
    const figure = await calm(["figure", "3", ...of, ...checkpoint, "--out", `${out}-figures`]);
    assert.equal(figure.code, 0, figure.stderr);
    const all = ["eval", "all", ...of, ...checkpoint, "--out", `${out}-eval`];
    const only = ["--measures", "classification,remove-and-classify", "--map", "joint"];
    const measured = await calm([...all, ...only]);
    assert.equal(measured.code, 0, measured.stderr);
    assert.match(measured.stderr, /No cue localization/);
  });
});
