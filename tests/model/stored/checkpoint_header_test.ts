import assert from "node:assert/strict";
import { buildModel } from "../../../model/build.ts";
import { readCheckpoint } from "../../../model/stored/checkpoint.ts";
import { type CheckpointHeader, parseHeader } from "../../../model/stored/checkpoint_header.ts";
import { openModel } from "../../../model/stored/open_model.ts";
import { expectPrintable } from "../../../data/class_names.ts";
import { gpuTest } from "../../gpu.ts";
import { inFolder, save, stateOf } from "./weight_files.ts";

const HEADER = {
  model: {
    arch: "small-resnet",
    method: "calm-em",
    prior: "relu",
    detachNormaliser: true,
    classes: 2,
  },
  recipe: {
    epochs: 4,
    batchSize: 8,
    lr: 0.02,
    lrClassifierRatio: 10,
    lrDecayEvery: 3,
    weightDecay: 1e-4,
    momentum: 0.9,
    seed: 4,
    transform: { resize: 18, crop: 16, flip: true },
  },
  dataset: { name: "birds", root: "/nowhere" },
  classNames: ["001.Wren", "Kohlmeise ♀"],
  progress: {
    epoch: 1,
    batch: 2,
    totals: { loss: 3.5, correct: 7, images: 16, steps: 2, badStep: 0 },
    trainLoss: [2.5],
    trainAccuracy: [0.5],
  },
} satisfies CheckpointHeader;

/** The header with the field at `a.b.c` replaced; undefined takes it away. */
function patched(name: string, value: unknown): string {
  const header = structuredClone(HEADER) as Record<string, unknown>;
  const keys = name.split(".");
  let at = header;
  for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[keys.at(-1)!] = value;
  return JSON.stringify(header);
}

/** A field, a value that it cannot have, and what is said of it. */
const REFUSED: readonly (readonly [field: string, value: unknown, message: string])[] = [
  ["model", undefined, "model in its header is missing, expected an object"],
  ["model", [], "model in its header is a list of 0, expected an object"],
  ["model.arch", "resnet", 'model.arch in its header is "resnet", expected one of small-resnet, '],
  ["model.arch", "toString", 'model.arch in its header is "toString", expected one of'],
  ["model.method", null, "model.method in its header is null, expected one of cam, has, acol"],
  ["model.prior", 1, "model.prior in its header is 1, expected one of relu, softplus"],
  ["model.detachNormaliser", "no", 'model.detachNormaliser in its header is "no", expected true'],
  [
    "model.largeFeatureMap",
    true,
    "model.largeFeatureMap in its header is true, expected false for",
  ],
  ["model.skipMixed6e", true, "model.skipMixed6e in its header is true, expected false for small"],
  ["model.posteriorEpsilon", -1, "model.posteriorEpsilon in its header is -1, expected a number o"],
  ["model.dropout", 1, "model.dropout in its header is 1, expected a number of at least 0 and at"],
  ["model.dropout", 0.5, "model.dropout in its header is 0.5, expected none for small-resnet"],
  ["model.adl", [], "model.adl in its header is a list of 0, expected an object"],
  ["model.adl", { rate: 1 }, "model.adl.threshold in its header is missing, expected a number"],
  ["model.method", "adl", "model.adl in its header is missing, expected an object for the method"],
  ["model.acolThreshold", 2, "model.acolThreshold in its header is 2, expected a number of at"],
  ["model.spgCuts", [{ high: 1 }], "model.spgCuts in its header is a list of 1, expected three"],
  ["recipe.has", { sizes: [4] }, "recipe.has.rate in its header is missing, expected a number"],
  ["recipe.has", { sizes: [], rate: 1 }, "recipe.has.sizes in its header is a list of 0, expected"],
  ["recipe.cutmix", { beta: 1, probability: 2 }, "recipe.cutmix.probability in its header is 2,"],
  ["recipe.groups", "ours", 'recipe.groups in its header is "ours", expected one of benchmark'],
  ["model.classes", "2", 'model.classes in its header is "2", expected a whole number of at least'],
  ["model.classes", 0, "model.classes in its header is 0, expected a whole number of at least 1"],
  ["model.classes", 2.5, "model.classes in its header is 2.5, expected a whole number"],
  ["model.classes", 3, "classNames in its header is a list of 2, expected 3 names, as many as"],
  ["model.benchmark", 1, "model.benchmark in its header is 1, expected true or false"],
  ["recipe", null, "recipe in its header is null, expected an object"],
  ["recipe.epochs", NaN, "recipe.epochs in its header is null, expected a whole number"],
  ["recipe.batchSize", 1e12, "recipe.batchSize in its header is 1000000000000, expected a whole"],
  ["recipe.microBatch", 0, "recipe.microBatch in its header is 0, expected a whole number from 1"],
  ["recipe.lr", "0.1", 'recipe.lr in its header is "0.1", expected a number of at least 0'],
  ["recipe.momentum", 2, "recipe.momentum in its header is 2, expected a number of at least 0 and"],
  ["recipe.transform", undefined, "recipe.transform in its header is missing, expected an object"],
  ["recipe.transform.crop", 1e9, "recipe.transform.crop in its header is 1000000000, expected a w"],
  ["recipe.transform.crop", 17.5, "recipe.transform.crop in its header is 17.5, expected a whole"],
  ["recipe.transform.crop", 19, "recipe.transform.crop in its header is 19, expected at most resi"],
  ["recipe.transform.flip", 1, "recipe.transform.flip in its header is 1, expected true or false"],
  ["dataset", "birds", 'dataset in its header is "birds", expected an object'],
  ["dataset.root", 5, "dataset.root in its header is 5, expected a text"],
  ["dataset.pictures", -1, "dataset.pictures in its header is -1, expected a whole number of at l"],
  ["dataset.listHash", [], "dataset.listHash in its header is a list of 0, expected a text"],
  ["dataset.holdOut", 0, "dataset.holdOut in its header is 0, expected a whole number of at least"],
  ["classNames", null, "classNames in its header is null, expected a list"],
  ["classNames", "ab", 'classNames in its header is "ab", expected a list'],
  ["classNames", ["a"], "classNames in its header is a list of 1, expected 2 names, as many"],
  ["classNames", ["a", 7], "classNames[1] in its header is 7, expected a text without control"],
  ["classNames", ["a\u001b[2J", "b"], 'classNames[0] in its header is "a?[2J", expected a text wi'],
  ["classNames", ["a", "b\u009b"], 'classNames[1] in its header is "b?", expected a text without'],
  ["progress", undefined, "progress in its header is missing, expected an object"],
  ["progress.epoch", "1", 'progress.epoch in its header is "1", expected a whole number'],
  ["progress.epoch", 3, "progress.trainLoss in its header is a list of 1, expected 3 numbers, one"],
  ["progress.totals", null, "progress.totals in its header is null, expected an object"],
  ["progress.totals.loss", NaN, "progress.totals.loss in its header is null, expected a number"],
  ["progress.trainLoss", [NaN], "progress.trainLoss[0] in its header is null, expected a number"],
  [
    "progress.trainNegativeLogLikelihood",
    [],
    "progress.trainNegativeLogLikelihood in its header is a list of 0, expected 1 numbers, one for",
  ],
  ["progress.trainAccuracy", {}, "progress.trainAccuracy in its header is an object, expected a l"],
];

Deno.test("every field of a header is checked and named", () => {
  for (const [field, value, message] of REFUSED) {
    assert.throws(
      () => parseHeader("dir/c.safetensors", patched(field, value)),
      (error: Error) => {
        assert.equal(error.name, "UserError", `${field}: ${error.stack}`);
        assert.ok(
          error.message.startsWith(`dir/c.safetensors is damaged: ${message}`),
          error.message,
        );
        return true;
      },
    );
  }
  for (
    const [json, message] of [
      [undefined, /its metadata have no header/],
      ["null", /its header is null, expected an object/],
      ["[1]", /its header is a list of 1, expected an object/],
      ["{", /its header is "\{", expected JSON/],
      [`${"[".repeat(1e5)}${"]".repeat(1e5)}`, /its header is a list of 1, expected an object/],
    ] as const
  ) {
    assert.throws(() => parseHeader("c", json), message);
  }
});

Deno.test("a sound header is kept as it is, with fields that are not known", () => {
  const header = {
    ...HEADER,
    model: { ...HEADER.model, posteriorEpsilon: 1e-8, newer: [1] },
    dataset: { ...HEADER.dataset, pictures: 24, listHash: "00ff" },
    notes: "of a later version",
  };
  assert.deepEqual(parseHeader("c", JSON.stringify(header)), header);
});

Deno.test("classes whose names hold control characters are not trained on", () => {
  expectPrintable({ root: "data", classes: ["a", "Ährenträgerpfau & <b>"] });
  assert.throws(
    () => expectPrintable({ root: "data", classes: ["a", "b\u0007"] }),
    /^UserError: data: class 1 is called "b\?", expected a name without control characters$/,
  );
});

gpuTest("a header that the tensors contradict is refused before a model is built", async (gpu) => {
  await inFolder(async (folder) => {
    const model = buildModel(gpu, HEADER.model, 0);
    const state = await stateOf(model);
    model.dispose();
    const file = (header: string) =>
      save(`${folder}/c.safetensors`, state, { format: "calm-checkpoint-1", header });
    const classNames = Array.from({ length: 1e5 }, (_, y) => `${y}`);
    const many = { ...HEADER, model: { ...HEADER.model, classes: 1e5 }, classNames };
    await assert.rejects(
      openModel(gpu, await file(JSON.stringify(many))),
      /model\.classes in its header is 100000, but conv_last\.weight is of 2$/,
    );
    await assert.rejects(
      readCheckpoint(await file(patched("dataset.name", "dogs"))),
      /dataset\.name in its header is "dogs", expected one of birds, fashion-mnist/,
    );
    for (const [field, value] of REFUSED) {
      await assert.rejects(openModel(gpu, await file(patched(field, value))), {
        name: "UserError",
      });
    }
  });
});
