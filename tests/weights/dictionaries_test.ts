import assert from "node:assert/strict";
import { bytesSource } from "../../weights/byte_source.ts";
import { readFloat32 } from "../../weights/host_tensor.ts";
import { encodeSafetensors } from "../../weights/safetensors.ts";
import { readStateFile } from "../../weights/state_file.ts";
import { type Saved, torchFile, vector } from "./pickles.ts";

const net = (value: number): Saved => ({ "conv.weight": vector(value, 0) });

async function open(contents: Saved, weights?: string) {
  const source = bytesSource(await torchFile(contents), "f.pth");
  const { tensors, dictionary, notes, metadata } = await readStateFile(source, { weights });
  const { data } = await readFloat32(tensors.get("conv.weight")!);
  return { value: data[0], dictionary, notes, metadata };
}

const TAKEN: [name: string, contents: Saved, weights: string | undefined, value: number][] = [
  ["the only one", { state_dict_ema: net(2) }, undefined, 2],
  ["model before model_ema", { model_ema: net(2), model: net(1) }, undefined, 1],
  ["state_dict before its average", { state_dict_ema: net(2), state_dict: net(1) }, undefined, 1],
  ["net before ema", { ema: net(2), net: net(1), epoch: 3 }, undefined, 1],
  ["params before params_ema", { params: net(1), params_ema: net(2) }, undefined, 1],
  ["an average by a part of its key", { model: net(1), model_ema: net(2) }, "ema", 2],
  ["one by its key, which is a part of another", { ema: net(1), ema_2: net(2) }, "ema", 1],
  ["model by its key", { model: net(1), model_ema: net(2) }, "model", 1],
  ["one of two unknown", { student: net(1), teacher: net(2) }, "teach", 2],
  ["what is no optimiser", { optimizer: { m: vector(9) }, encoder: net(1) }, undefined, 1],
  ["a dictionary beside a tensor", { rng_state: vector(9), ema: net(1) }, undefined, 1],
  [
    "the file itself",
    { "conv.weight": vector(1, 0), stats: { a: vector(9) } },
    undefined,
    1,
  ],
  ["the only one by its key", { state_dict: net(1) }, "state_dict", 1],
];
for (const [name, contents, weights, value] of TAKEN) {
  Deno.test(`of several dictionaries of tensors: ${name}`, async () => {
    assert.equal((await open(contents, weights)).value, value);
  });
}

Deno.test("it is said which dictionary was taken and which others there are", async () => {
  const contents = { epoch: 3, model: net(1), model_ema: net(2), model_swa: net(3) };
  const plain = await open(contents);
  assert.deepEqual(plain.notes, [
    "f.pth: the weights are those of model; it also has model_ema, model_swa (--weights NAME chooses)",
  ]);
  assert.equal(plain.dictionary, "model");
  const chosen = await open(contents, "swa");
  assert.deepEqual(chosen.notes, [
    "f.pth: the weights are those of model_swa; it also has model, model_ema (--weights NAME chooses)",
  ]);
  assert.equal(chosen.dictionary, "model_swa");
  assert.equal(chosen.metadata.epoch, "3");
  const only = await open({ model: net(1), optimizer: { m: vector(1) } });
  assert.deepEqual(only.notes, []);
  assert.equal(only.dictionary, undefined);
});

const REFUSED: [name: string, contents: Saved, weights: string | undefined, message: RegExp][] = [
  [
    "two that are equally plausible",
    { student: net(1), teacher: net(2) },
    undefined,
    /^f\.pth holds several .* add --weights with one of student, teacher$/,
  ],
  [
    "a name that none has",
    { model: net(1), model_ema: net(2) },
    "swa",
    /^--weights is "swa", but f\.pth has none such: model, model_ema$/,
  ],
  [
    "a name that is a part of two",
    { ema_1: net(1), ema_2: net(2) },
    "ema",
    /^--weights is "ema", but f\.pth has several such: ema_1, ema_2$/,
  ],
  [
    "a choice where there is none",
    { "conv.weight": vector(1) },
    "ema",
    /^--weights is "ema", but f\.pth has no dictionaries to choose from$/,
  ],
];
for (const [name, contents, weights, message] of REFUSED) {
  Deno.test(`of several dictionaries of tensors, ${name} is refused`, async () => {
    await assert.rejects(open(contents, weights), { name: "UserError", message });
  });
}

Deno.test("--weights for safetensors, which have one table, is refused", async () => {
  const tensors = new Map([["a", { shape: [1], data: Float32Array.of(1) }]]);
  const source = bytesSource(await encodeSafetensors({ tensors, metadata: {} }), "f.safetensors");
  await assert.rejects(readStateFile(source, { weights: "ema" }), {
    name: "UserError",
    message:
      '--weights is "ema", but f.safetensors is a safetensors file, which has only one table',
  });
});
