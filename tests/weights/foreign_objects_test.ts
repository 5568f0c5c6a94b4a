import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readFloat32 } from "../../weights/host_tensor.ts";
import { openStateFile } from "../../weights/state_file.ts";

const folder = fileURLToPath(new URL("../goldens/torch/", import.meta.url));

for (const name of ["foreign.pth", "foreign_legacy.pth"]) {
  Deno.test(`${name}: objects of other programs beside the tensors are left out by name`, async () => {
    const said: string[] = [];
    const file = await openStateFile(folder + name, { say: (note) => said.push(note) });
    assert.deepEqual([...file.tensors.keys()], ["conv.weight", "conv.bias"]);
    const { shape, data } = await readFloat32(file.tensors.get("conv.weight")!);
    assert.deepEqual(shape, [2, 3]);
    assert.deepEqual([...data], [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(file.metadata, { epoch: "3", arch: "resnet50" });
    assert.equal(said.length, 1);
    assert.deepEqual(said, file.notes);
    assert.match(said[0], /foreign\S*\.pth: objects beside the weights are left out, made by argp/);
    for (const maker of ["argparse.Namespace", "numpy.core.multiarray.scalar", "palette.Colour"]) {
      assert.ok(said[0].includes(maker), `${said[0]} does not name ${maker}`);
    }
    file.close();
  });
}

Deno.test("a file of tensors and texts alone leaves nothing out", async () => {
  const file = await openStateFile(folder + "official.pth.tar", { say: assert.fail });
  assert.deepEqual(file.notes, []);
  file.close();
});

const REFUSED: [file: string, message: RegExp][] = [
  ["foreign_tensor.pth", /: "conv\.bias" is made by numpy\.core\.multiarray\._reconstruct, which/],
  [
    "complex.pth",
    /: "w\.complex" is made by torch\.ComplexFloatStorage, which is not run here; exp/,
  ],
  [
    "whole_model.pth",
    /made by torch\.nn\.modules\.linear\.Linear, .*save its state_dict\(\) instead/,
  ],
  ["model_in_dictionary.pth", /whose "model" is an object made by torch\.nn\.modules\.linear\.Lin/],
  ["script.pt", /is a TorchScript program, not weights: save its state_dict\(\) instead/],
];
for (const [name, message] of REFUSED) {
  Deno.test(`${name}: an object where tensors are needed is an error`, async () => {
    await assert.rejects(openStateFile(folder + name), (error: Error) => {
      assert.equal(error.name, "UserError", String(error.stack));
      assert.ok(error.message.startsWith(folder + name));
      assert.match(error.message, message);
      return true;
    });
  });
}
