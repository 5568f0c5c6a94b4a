import assert from "node:assert/strict";
import type { Dataset, Split } from "../../data/dataset.ts";
import { holdOut } from "../../data/hold_out.ts";

/** Two classes of 7 and 9 pictures of one pixel each, whose level is the picture's number. */
function dataset(): Dataset {
  const labels = Uint32Array.from({ length: 16 }, (_, i) => i < 7 ? 0 : 1);
  const train: Split = {
    name: "train",
    ids: Array.from(labels, (_, i) => `p${i}`),
    labels,
    source: {
      kind: "memory",
      pixels: Uint8Array.from(labels, (_, i) => i),
      width: 1,
      height: 1,
      channels: 1,
    },
  };
  return {
    name: "dots",
    root: "here",
    classes: ["a", "b"],
    train,
    test: { ...train, name: "test" },
  };
}

Deno.test("held-out pictures are as many of each class, always the same, and not trained on", () => {
  const { train, val } = holdOut(dataset(), 3);
  assert.deepEqual([train.name, val!.name], ["train", "val"]);
  assert.deepEqual([...val!.labels], [0, 0, 0, 1, 1, 1]);
  assert.deepEqual([...train.ids, ...val!.ids].sort(), [...dataset().train.ids].sort());
  for (const { ids, source } of [train, val!]) {
    assert.ok(source.kind === "memory");
    assert.deepEqual(ids, Array.from(source.pixels, (level) => `p${level}`));
  }
  assert.deepEqual(holdOut(dataset(), 3), holdOut(dataset(), 3));
  assert.notDeepEqual(val!.ids, ["p0", "p1", "p2", "p7", "p8", "p9"], "in no order of the list");
});

Deno.test("no class is left without pictures, and no data set gets a second val split", () => {
  assert.throws(() => holdOut(dataset(), 7), {
    message: "dots in here has 7 training pictures of a: holding 7 out leaves none",
  });
  assert.throws(() => holdOut(holdOut(dataset(), 2), 2), {
    message: "dots in here has 4 pictures to choose on: none are held out of training",
  });
});
