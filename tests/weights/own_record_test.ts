import assert from "node:assert/strict";
import { bytesSource } from "../../weights/byte_source.ts";
import { readStateFile } from "../../weights/state_file.ts";
import { torchChunks } from "../../weights/torch_writer.ts";
import { readEntry, readZipDirectory, zipChunks } from "../../weights/zip.ts";

type Bytes = Uint8Array<ArrayBuffer>;

async function joined(chunks: AsyncIterable<Bytes>): Promise<Bytes> {
  const parts: BlobPart[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

const read = async (bytes: Bytes) => await readStateFile(bytesSource(bytes, "dir/birds.pth"));

const TENSORS = new Map([["bias", {
  type: "F32" as const,
  shape: [2],
  read: () => Promise.resolve(new Uint8Array(8)),
}]]);

Deno.test("metadata go through a PyTorch file and back; without any there is no record", async () => {
  const metadata = { format: "calm-checkpoint-1", header: '{"classNames":["Ähre ♀"]}' };
  const bytes = await joined(torchChunks("birds.pth", TENSORS, metadata));
  const file = await read(bytes);
  assert.deepEqual(file.metadata, metadata);
  assert.deepEqual([...file.tensors.keys()], ["bias"]);
  const plain = await joined(torchChunks("birds.pth", TENSORS));
  assert.deepEqual((await read(plain)).metadata, {});
  assert.ok(!new TextDecoder("latin1").decode(plain).includes("calm_header"));
  const at = new TextDecoder("latin1").decode(bytes).indexOf("classNames");
  await assert.rejects(
    read(bytes.with(at, 0)),
    /dir\/birds\.pth is damaged: archive\/calm_header\.json does not have the checksum/,
  );
});

Deno.test("a record that is no table of texts is refused", async () => {
  const source = bytesSource(await joined(torchChunks("", TENSORS)), "birds.pth");
  const entries = await readZipDirectory(source);
  const pickle = await readEntry(source, entries.get("archive/data.pkl")!);
  for (
    const [record, message] of [
      ["{", /calm_header\.json in it is "\{", expected a table of texts/],
      ["null", /in it is null, expected/],
      ["[]", /in it is a list of 0, expected/],
      ['{"header": 5}', /in it is an object, expected/],
    ] as const
  ) {
    const entry = (contents: Bytes) => () => Promise.resolve(contents);
    const bytes = await joined(zipChunks("", [
      ["other/data.pkl", entry(pickle)],
      ["other/data/0", entry(new Uint8Array(8))],
      ["other/calm_header.json", entry(new TextEncoder().encode(record))],
    ]));
    await assert.rejects(read(bytes), message);
  }
});
