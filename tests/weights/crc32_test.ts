import assert from "node:assert/strict";
import { crc32 as ofNode } from "node:zlib";
import { crc32 } from "../../weights/crc32.ts";

Deno.test("crc32 is Node's", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  for (const length of [0, 1, 1000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7919 >> 3);
    assert.equal(crc32(bytes), ofNode(bytes));
  }
});
