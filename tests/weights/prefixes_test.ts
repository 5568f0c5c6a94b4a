import assert from "node:assert/strict";
import { bytesSource } from "../../weights/byte_source.ts";
import { encodeSafetensors } from "../../weights/safetensors.ts";
import { readStateFile } from "../../weights/state_file.ts";
import { torchFile, vector } from "./pickles.ts";

async function namesIn(format: "PyTorch" | "safetensors", names: readonly string[]) {
  const vectors = names.map((name) => [name, vector(1)] as const);
  const tensors = names.map((name) => [name, { shape: [1], data: Float32Array.of(1) }] as const);
  const bytes = format === "PyTorch"
    ? await torchFile({ state_dict: Object.fromEntries(vectors) })
    : await encodeSafetensors({ tensors: new Map(tensors), metadata: {} });
  const file = await readStateFile(bytesSource(bytes, "f"));
  assert.equal(file.format, format);
  return [...file.tensors.keys()];
}

const CASES: [name: string, names: string[], expected: string[]][] = [
  ["DataParallel", ["module.a.b", "module.c"], ["a.b", "c"]],
  ["torch.compile", ["_orig_mod.a.b", "_orig_mod.c"], ["a.b", "c"]],
  ["Lightning", ["model.a.b", "model.c"], ["a.b", "c"]],
  ["compiled, then parallel", ["module._orig_mod.a", "module._orig_mod.b"], ["a", "b"]],
  ["compiled in Lightning", ["model._orig_mod.a", "model._orig_mod.b"], ["a", "b"]],
  ["all three", ["model.module._orig_mod.a"], ["a"]],
  ["an optimiser beside it", ["module.a", "optimizer.momentum.a"], ["a", "optimizer.momentum.a"]],
  ["none", ["a", "b.model.c"], ["a", "b.model.c"]],
  ["some tensors only", ["module.a", "b"], ["module.a", "b"]],
  ["two networks", ["model.a", "model_ema.a"], ["model.a", "model_ema.a"]],
  ["different ones", ["module.a", "model.b"], ["module.a", "model.b"]],
  ["some tensors only, behind one", ["module.model.a", "module.b"], ["model.a", "b"]],
  ["a tensor of that name", ["model.a", "model."], ["model.a", "model."]],
];
for (const format of ["PyTorch", "safetensors"] as const) {
  for (const [name, names, expected] of CASES) {
    Deno.test(`prefixes in ${format}, ${name}: ${names.join(", ")}`, async () => {
      assert.deepEqual((await namesIn(format, names)).toSorted(), expected.toSorted());
    });
  }

  Deno.test(`a prefix in ${format} that hides an optimiser's name is refused`, async () => {
    await assert.rejects(namesIn(format, ["module.optimizer.a", "optimizer.a"]), {
      name: "UserError",
      message: "f has the tensor optimizer.a twice",
    });
  });
}
