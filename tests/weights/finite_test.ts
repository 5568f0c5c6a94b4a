import assert from "node:assert/strict";
import { expectFinite, flawOf, readWeights } from "../../weights/finite.ts";
import type { StoredTensor } from "../../weights/host_tensor.ts";

const tensor = (...values: number[]) => ({
  shape: [values.length],
  data: Float32Array.from(values),
});

Deno.test("values that are NaN or infinite are counted; the largest and smallest are not among them", () => {
  const sound = tensor(0, -0, 3.4028234663852886e38, -3.4028234663852886e38, 1e-45, -1);
  assert.equal(flawOf("conv.weight", sound), null);
  assert.equal(
    flawOf("conv.weight", tensor(1, NaN, Infinity, -Infinity, 2)),
    "has 3 of 5 values that are NaN or infinite",
  );
  // A part of a buffer that begins elsewhere.
  const { data } = tensor(NaN, 1, 2, NaN);
  assert.equal(flawOf("part", { shape: [2], data: data.subarray(1, 3) }), null);
  assert.match(flawOf("part", { shape: [3], data: data.subarray(1) })!, /^has 1 of 3 values/);
});

Deno.test("a variance is not negative; a mean may be", () => {
  const values = tensor(1, -2, 0, -0);
  assert.equal(flawOf("bn1.running_mean", values), null);
  assert.equal(flawOf("running_variable", values), null);
  for (const name of ["bn1.running_var", "running_var"]) {
    assert.equal(flawOf(name, values), "has 1 of 4 values below 0, a variance has none");
  }
  assert.throws(
    () => expectFinite("dir/net.pth", "bn1.running_var", values),
    /^UserError: dir\/net\.pth: bn1\.running_var has 1 of 4 values below 0, a variance has none$/,
  );
});

Deno.test("every type of a file is checked as the float32 that it becomes", async () => {
  const stored = (type: StoredTensor["type"], array: ArrayBufferView<ArrayBuffer>) => ({
    type,
    shape: [2],
    read: () => Promise.resolve(new Uint8Array(array.buffer)),
  });
  const flawed: StoredTensor[] = [
    stored("F16", Uint16Array.of(0x3c00, 0x7c01)),
    stored("BF16", Uint16Array.of(0x3f80, 0xff80)),
    stored("F32", Float32Array.of(1, NaN)),
    stored("F64", Float64Array.of(1, 1e300)),
  ];
  for (const one of flawed) {
    await assert.rejects(
      readWeights("net.pth", "fc.bias", one),
      /net\.pth: fc\.bias has 1 of 2 values that are NaN or infinite/,
      one.type,
    );
  }
  const most = stored("I64", BigInt64Array.of(2n ** 62n, -1n));
  assert.equal((await readWeights("net.pth", "n", most)).data[0], 2 ** 62);
});
