import assert from "node:assert/strict";
import { decodeNpy, encodeNpy } from "../../../eval/measures/npy.ts";
import golden from "../goldens/npy.json" with { type: "json" };

for (const [name, { file, shape, values }] of Object.entries(golden.read)) {
  Deno.test(`NumPy's ${name} is read as it was saved`, () => {
    const read = decodeNpy(Uint8Array.fromBase64(file), name);
    assert.deepEqual(read.shape, shape);
    const expected = values.map((value) => value === "inf" ? Infinity : Number(value));
    assert.deepEqual([...read.values], expected);
  });
}

const refusals: [name: keyof typeof golden.refused, message: RegExp][] = [
  ["int64", /its type is <i8, expected floating point: <f2, <f4 or <f8/],
  ["bool", /its type is \|b1, expected floating point/],
  ["complex", /its type is <c16, expected floating point/],
  ["longdouble", /its type is <f16, expected floating point/],
  ["record", /its header names no type/],
];

for (const [name, message] of refusals) {
  Deno.test(`an array of ${name} is refused`, () => {
    const bytes = Uint8Array.fromBase64(golden.refused[name]);
    assert.throws(() => decodeNpy(bytes, "a.npy"), { name: "UserError", message });
  });
}

Deno.test("an array that is cut short or of a later version is refused", () => {
  const bytes = Uint8Array.fromBase64(golden.read["<f2 F"].file);
  const refuses = (changed: Uint8Array<ArrayBuffer>, message: RegExp) =>
    assert.throws(() => decodeNpy(changed, "a.npy"), { name: "UserError", message });
  refuses(bytes.slice(0, -1), /its shape \[2,3,4\] needs 48 bytes, found 47$/);
  refuses(bytes.slice(0, 60), /its header is cut off$/);
  refuses(bytes.slice(0, 9), /it does not begin as one$/);
  refuses(bytes.map((byte, i) => i === 6 ? 4 : byte), /its version is 4, expected 1 to 3$/);
});

Deno.test("Python 2's shapes are read", () => {
  const bytes = encodeNpy(Float32Array.of(1, 2), [1, 2]);
  const text = String.fromCharCode(...bytes).replace("(1, 2), }    ", "(1L, 2L), }  ");
  const old = Uint8Array.from(text, (character) => character.charCodeAt(0));
  assert.deepEqual(decodeNpy(old, "").shape, [1, 2]);
  assert.deepEqual([...decodeNpy(old, "").values], [1, 2]);
});
