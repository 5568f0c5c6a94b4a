import assert from "node:assert/strict";
import { bytesSource } from "../../weights/byte_source.ts";
import { CHECKSUMS, describeChecksums, verifiedTensors } from "../../weights/checksums.ts";
import type { HostTensor } from "../../weights/host_tensor.ts";
import { encodeSafetensors } from "../../weights/safetensors.ts";
import { readStateFile } from "../../weights/state_file.ts";

const TENSORS = new Map<string, HostTensor>([
  ["b.weight", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
  ["1", { shape: [1], data: Float32Array.of(-0) }],
  ["a.bias", { shape: [3], data: Float32Array.of(0.5, 1e-40, 3e38) }],
]);

/** Opens bytes and reads every tensor. */
async function readAll(bytes: Uint8Array): Promise<number> {
  const tensors = verifiedTensors(await readStateFile(bytesSource(bytes, "c.safetensors")));
  for (const { read } of tensors.values()) await read();
  return tensors.size;
}

Deno.test("every flipped bit of every tensor is noticed, whatever it does to the number", async () => {
  const metadata = { [CHECKSUMS]: describeChecksums(TENSORS) };
  const bytes = await encodeSafetensors({ tensors: TENSORS, metadata });
  assert.equal(await readAll(bytes), 3);
  const start = bytes.length - 10 * 4;
  for (let bit = 8 * start; bit < 8 * bytes.length; bit++) {
    const damaged = bytes.slice();
    damaged[bit >> 3] ^= 1 << (bit & 7);
    await assert.rejects(
      readAll(damaged),
      /^UserError: c\.safetensors is damaged: \S+ has the checksum [0-9a-f]{8}, but "[0-9a-f]{8}" was/,
    );
  }
});

Deno.test("checksums belong to names; what has none is refused, files without any are read", async () => {
  const swapped = new Map(TENSORS).set("1", { shape: [1], data: Float32Array.of(1) });
  const read = async (tensors: ReadonlyMap<string, HostTensor>, checksums?: string) =>
    await readAll(
      await encodeSafetensors({
        tensors,
        metadata: checksums === undefined ? {} : { [CHECKSUMS]: checksums },
      }),
    );
  const known = describeChecksums(TENSORS);
  assert.equal(await read(swapped), 3);
  await assert.rejects(read(swapped, known), /damaged: 1 has the checksum/);
  await assert.rejects(
    read(new Map(TENSORS).set("c", { shape: [1], data: Float32Array.of(1) }), known),
    /damaged: c has the checksum [0-9a-f]{8}, but none was written with it/,
  );
  // A copy without the optimiser's tensors has checksums too many.
  assert.equal(await read(new Map([...TENSORS].slice(1)), known), 2);
  for (const odd of ["{", "null"]) {
    await assert.rejects(read(TENSORS, odd), /tensorChecksums in its metadata is "/);
  }
});
