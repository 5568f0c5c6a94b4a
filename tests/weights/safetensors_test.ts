import assert from "node:assert/strict";
import { fromFile } from "../../weights/layout.ts";
import { decodeSafetensors, encodeSafetensors } from "../../weights/safetensors.ts";

const FILE = await encodeSafetensors({
  tensors: new Map([
    ["a", { shape: [2, 3], data: Float32Array.from([1, 2, 3, 4, 5, 6]) }],
    ["b", { shape: [], data: Float32Array.from([-0]) }],
  ]),
  metadata: { format: "test" },
});

/** The file with another header in front of the same data. */
function withHeader(header: unknown): Uint8Array {
  const json = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  const data = FILE.subarray(FILE.length - 28);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const a = { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] };
const b = { dtype: "F32", shape: [1], data_offsets: [24, 28] };

Deno.test("safetensors: what is written is read", async () => {
  const { tensors, metadata } = await decodeSafetensors(FILE, "f");
  assert.deepEqual(metadata, { format: "test" });
  assert.deepEqual(tensors.get("a"), {
    shape: [2, 3],
    data: Float32Array.from([1, 2, 3, 4, 5, 6]),
  });
  assert.ok(Object.is(tensors.get("b")!.data[0], -0));
  assert.equal((FILE.length - 28) % 8, 0, "data begin at a multiple of 8");
  assert.equal((await decodeSafetensors(withHeader({ a, b }), "f")).tensors.size, 2);
});

const damages: [string, Uint8Array, RegExp][] = [
  ["nothing", new Uint8Array(), /it has 0 bytes/],
  ["a cut file", FILE.subarray(0, FILE.length - 1), /claims bytes 24 to 28 of 27/],
  ["a cut header", FILE.subarray(0, 40), /its header should have \d+ bytes/],
  ["no JSON", withHeader("{oops"), /its header is not JSON/],
  ["a list", withHeader([]), /its header is not an object/],
  ["an overlap", withHeader({ a, b: { ...b, data_offsets: [20, 24] } }), /overlap or leave a gap/],
  ["a gap", withHeader({ b }), /overlap or leave a gap/],
  ["a tail", withHeader({ a }), /4 bytes follow its last tensor/],
  ["a wrong shape", withHeader({ a: { ...a, shape: [2, 4] }, b }), /shape \[2,4\] claims bytes/],
  ["a negative extent", withHeader({ a: { ...a, shape: [-2, -3] }, b }), /no valid shape/],
  ["an odd type", withHeader({ a: { ...a, dtype: "Q8" }, b }), /tensor a has type Q8/],
  ["odd metadata", withHeader({ __metadata__: { x: 1 }, a, b }), /not a table of strings/],
];
for (const [name, bytes, message] of damages) {
  Deno.test(`safetensors: ${name} is refused by name`, () => {
    return assert.rejects(decodeSafetensors(bytes, "dir/f.safetensors"), (error: Error) => {
      assert.equal(error.name, "UserError");
      assert.match(error.message, /^dir\/f\.safetensors is not a valid safetensors file: /);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("layout: PyTorch's [out, in, h, w] becomes [h, w, in, out]", () => {
  const data = Float32Array.from({ length: 2 * 3 * 1 * 2 }, (_, i) => i);
  const { shape, data: out } = fromFile({ shape: [2, 3, 1, 2], data });
  assert.deepEqual(shape, [1, 2, 3, 2]);
  // element [h=0, w=1, in=2, out=1] was [out=1, in=2, h=0, w=1]
  assert.equal(out[((0 * 2 + 1) * 3 + 2) * 2 + 1], data[((1 * 3 + 2) * 1 + 0) * 2 + 1]);
});
