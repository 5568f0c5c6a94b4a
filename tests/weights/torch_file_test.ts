import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { bytesSource } from "../../weights/byte_source.ts";
import { readFloat32, type StoredTensor } from "../../weights/host_tensor.ts";
import { readSafetensors, safetensorsChunks } from "../../weights/safetensors.ts";
import { openStateFile, readStateFile } from "../../weights/state_file.ts";
import { torchChunks } from "../../weights/torch_writer.ts";

const folder = fileURLToPath(new URL("../goldens/torch/", import.meta.url));
const expected = JSON.parse(await Deno.readTextFile(folder + "expected.json"));

/** Every element type, strides, an offset, a scalar and an empty tensor; see make_torch_files.py. */
async function checkState(tensors: ReadonlyMap<string, StoredTensor>): Promise<void> {
  assert.deepEqual([...tensors.keys()].sort(), Object.keys(expected.numbers).sort());
  for (const [name, tensor] of tensors) {
    const { shape, data } = await readFloat32(tensor);
    assert.deepEqual(shape, expected.shapes[name], name);
    assert.deepEqual(data, Float32Array.from(expected.numbers[name]), name);
  }
}

for (const name of ["zip.pth", "legacy.pth"]) {
  Deno.test(`PyTorch's ${name} is read: types, strides, offsets, shared storages`, async () => {
    const file = await openStateFile(folder + name);
    await checkState(file.tensors);
    file.close();
  });
}

Deno.test("the tar of PyTorch 0.1 is read", async () => {
  const file = await openStateFile(folder + "tar.pth");
  const { shape, data } = await readFloat32(file.tensors.get("weight")!);
  assert.deepEqual(shape, [2, 3, 4]);
  assert.deepEqual(data, Float32Array.from(expected.numbers.weight));
  assert.deepEqual([...(await readFloat32(file.tensors.get("bias")!)).data], [0.5, -1.5]);
  file.close();
});

for (const name of ["official.pth.tar", "official_legacy.pth.tar"]) {
  Deno.test(`${name}: the state dict is found, module. goes, texts become metadata`, async () => {
    const file = await openStateFile(folder + name);
    assert.deepEqual(file.metadata, { architecture: "resnet50", epoch: "40" });
    assert.deepEqual([...file.tensors.keys()], Object.keys(expected.official));
    for (const [key, tensor] of file.tensors) {
      const { data } = await readFloat32(tensor);
      assert.deepEqual(data, Float32Array.from(expected.official[key]), key);
    }
    file.close();
  });
}

for (const format of ["PyTorch", "safetensors"] as const) {
  Deno.test(`what is written as ${format} is read again, with every type`, async () => {
    const file = await openStateFile(folder + "zip.pth");
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const written = format === "PyTorch"
      ? torchChunks("copy.pth", file.tensors)
      : safetensorsChunks({ tensors: file.tensors, metadata: {} });
    for await (const chunk of written) chunks.push(chunk);
    const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
    const copy = await readStateFile(bytesSource(bytes, "copy"));
    assert.equal(copy.format, format);
    await checkState(copy.tensors);
    for (const [name, { type }] of copy.tensors) {
      assert.equal(type, file.tensors.get(name)!.type, name);
    }
    file.close();
  });
}

Deno.test("safetensors: a tensor is read by its range only", async () => {
  const file = await openStateFile(folder + "zip.pth");
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of safetensorsChunks({ tensors: file.tensors, metadata: {} })) {
    chunks.push(chunk);
  }
  file.close();
  const source = bytesSource(new Uint8Array(await new Blob(chunks).arrayBuffer()), "f");
  const lengths: number[] = [];
  const { tensors } = await readSafetensors({
    ...source,
    read: (offset, length) => (lengths.push(length), source.read(offset, length)),
  });
  await readFloat32(tensors.get("row")!);
  assert.equal(lengths.at(-1), 16);
});
