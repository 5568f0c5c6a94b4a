import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pathsBelow } from "./faults/program.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

const sources = new Map<string, string>();
for (const folder of ["engine", "model", "eval", "cli", "viewer", "bench"]) {
  for (const path of await pathsBelow(join(root, folder))) {
    if (!path.endsWith(".ts")) continue;
    sources.set(`${folder}/${path}`, await Deno.readTextFile(join(root, folder, path)));
  }
}

/** The files in which a text stands. */
const filesWith = (text: string) =>
  [...sources].filter(([, source]) => source.includes(text)).map(([path]) => path).sort();

Deno.test("a kind of map has its formula, its row, and its place in the tables", () => {
  // What tables show is a choice of its own: a kind may be left out there.
  const tables = "eval/measures/job/plan.ts";
  const row = "eval/maps/kinds.ts";
  assert.deepEqual(filesWith('"posterior"'), ["eval/maps/explain.ts", row, tables]);
  assert.deepEqual(filesWith('"var-grad"'), ["eval/maps/gradient_maps.ts", row, tables]);
  assert.deepEqual(filesWith('"grad-cam++"'), ["eval/maps/grad_cam.ts", row, tables]);
});

Deno.test("a backbone has its file, and a place in the list", () => {
  const list = "model/backbones/list.ts";
  assert.deepEqual(filesWith("resnet101"), [
    list,
    "model/backbones/network_name.ts",
    "model/backbones/resnet.ts",
  ]);
  assert.deepEqual(filesWith('"vgg16_bn"'), ["model/backbones/vgg16.ts"]);
  assert.deepEqual(filesWith("vgg16Bn"), [list, "model/backbones/vgg16.ts"]);
});

Deno.test("a method of training has its file, and is chosen in one place", () => {
  assert.deepEqual(filesWith("MovingAverageTeacher("), ["model/training/trainer.ts"]);
  assert.deepEqual(filesWith("class MovingAverageTeacher"), ["model/training/teacher.ts"]);
});
