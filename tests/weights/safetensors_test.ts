import assert from "node:assert/strict";
import { bytesSource } from "../../weights/byte_source.ts";
import { fromFile } from "../../weights/layout.ts";
import { decodeSafetensors, encodeSafetensors } from "../../weights/safetensors.ts";
import { readStateFile } from "../../weights/state_file.ts";

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

const json = JSON.stringify;

Deno.test("safetensors: names that objects have in JavaScript are names like others", async () => {
  const header = `{"__proto__":${json(a)}, "constructor":${
    json(b)
  }, "__metadata__":{"__proto__":"x"}}`;
  const { tensors, metadata } = await decodeSafetensors(withHeader(header), "f");
  assert.deepEqual([...tensors.keys()], ["__proto__", "constructor"]);
  assert.deepEqual(tensors.get("__proto__")!.shape, [2, 3]);
  assert.deepEqual(Object.entries(metadata), [["__proto__", "x"]]);
});

Deno.test("safetensors: texts of the header may hold brackets, quotes and colons", async () => {
  const header = { __metadata__: { format: '{"a": "}", "a": [1]}\\' }, a, b };
  const { metadata } = await decodeSafetensors(withHeader(header), "f");
  assert.equal(metadata.format, '{"a": "}", "a": [1]}\\');
});

Deno.test("a safetensors file without tensors is no checkpoint", async () => {
  const empty = await encodeSafetensors({ tensors: new Map(), metadata: { format: "pt" } });
  await assert.rejects(readStateFile(bytesSource(empty, "f")), {
    name: "UserError",
    message: "f holds no tensors",
  });
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
  ["an odd type", withHeader({ a: { ...a, dtype: "Q8" }, b }), /tensor a has type "Q8"/],
  ["odd metadata", withHeader({ __metadata__: { x: 1 }, a, b }), /not a table of strings/],
  ["metadata that is a list", withHeader({ __metadata__: ["x"], a, b }), /not a table of strings/],
  ["metadata that is null", withHeader({ __metadata__: null, a, b }), /not a table of strings/],
  ["metadata that is a text", withHeader({ __metadata__: "x", a, b }), /not a table of strings/],
  ["a header of brackets", withHeader("[".repeat(200_000)), /its header is not JSON/],
  [
    "a type of brackets",
    withHeader(`{"a": {"dtype": ${"[".repeat(9000)}${"]".repeat(9000)}}}`),
    /tensor a has type a list of 1, expected one of F64/,
  ],
  ["a name twice", withHeader(`{"a":${json(a)}, "b":${json(b)}, "a":${json(a)}}`), /has "a" twice/],
  [
    "a name twice, written differently",
    withHeader(`{"a":${json(a)}, "b":${json(b)}, "\\u0061" : ${json(a)}}`),
    /has "a" twice/,
  ],
  [
    "a shape twice",
    withHeader(
      `{"a":${json(a)}, "b":{"dtype":"F32","shape":[9],"shape":[1],"data_offsets":[24,28]}}`,
    ),
    /its header has "shape" twice/,
  ],
  [
    "metadata twice",
    withHeader(`{"__metadata__":{}, "a":${json(a)}, "b":${json(b)}, "__metadata__":{}}`),
    /its header has "__metadata__" twice/,
  ],
  [
    "a product beyond 2^64",
    withHeader({ a: { ...a, shape: [2 ** 33, 2 ** 33], data_offsets: [0, 0] }, b }),
    /shape \[8589934592,8589934592\] claims bytes 0 to 0/,
  ],
  [
    "a product that is no number",
    withHeader({ a: { ...a, shape: Array(16).fill(2 ** 53 - 1), data_offsets: [0, 0] }, b }),
    /claims bytes 0 to 0/,
  ],
  ["an extent beyond 2^53", withHeader({ a: { ...a, shape: [2 ** 53] }, b }), /no valid shape/],
  ["a fraction", withHeader({ a: { ...a, shape: [1.5, 4] }, b }), /no valid shape/],
  ["many extents", withHeader({ a: { ...a, shape: Array(1000).fill(1) }, b }), /has 1000 extents/],
  ["an extent as text", withHeader({ a: { ...a, shape: ["6"] }, b }), /no valid shape/],
  ["a negative offset", withHeader({ a: { ...a, data_offsets: [-24, 0] }, b }), /no valid shape/],
  [
    "reversed offsets",
    withHeader({ a: { ...a, data_offsets: [24, 0] }, b }),
    /claims bytes 24 to 0/,
  ],
  ["three offsets", withHeader({ a: { ...a, data_offsets: [0, 24, 28] }, b }), /no valid shape/],
  [
    "offsets beyond the end",
    withHeader({ a, b: { ...b, data_offsets: [28, 32] } }),
    /28 to 32 of 28/,
  ],
  ["a tensor that is a number", withHeader({ a: 3, b }), /tensor a has type nothing, expected/],
  ["a name with control letters", withHeader({ "a\u001b[2J\n": 3 }), /tensor a\?\[2J\? has type/],
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
