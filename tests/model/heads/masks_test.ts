import assert from "node:assert/strict";
import type { Gpu } from "../../../engine/gpu.ts";
import { Tensor } from "../../../engine/tensor.ts";
import { keepBelow } from "../../../model/heads/keep_below.ts";
import { type Cuts, pixelLabels, pixelLoss } from "../../../model/heads/pixel_labels.ts";
import { gpuTest } from "../../gpu.ts";
import { array, random } from "../../reference/array.ts";
import { checkOperation } from "../../reference/check.ts";

const SHAPE = [3, 9, 11, 1];
const PIXELS = 99;

/** Random maps in [0, 1], the last one the same everywhere. */
const maps = random(21, SHAPE).data.map((v, i) => i < 2 * PIXELS ? (v + 1) / 2 : 0.25);

async function read(gpu: Gpu, values: ArrayLike<number>, make: (m: Tensor) => Tensor) {
  const m = Tensor.from(gpu, values, SHAPE);
  const out = make(m);
  const found = await out.read();
  out.dispose();
  m.dispose();
  return found;
}

/** Picture by picture. */
function byPicture(values: ArrayLike<number>, of: (picture: number[]) => number[]): number[] {
  return [0, 1, 2].flatMap((n) => of(Array.from(values).slice(n * PIXELS, (n + 1) * PIXELS)));
}

for (const threshold of [0, 0.3, 0.7, 1]) {
  gpuTest(`the strongest locations are hidden, threshold ${threshold}`, async (gpu) => {
    const acol = byPicture(maps, (m) => {
      const [low, high] = [Math.min(...m), Math.max(...m)];
      return m.map((v) => high === low || (v - low) / (high - low) < threshold ? 1 : 0);
    });
    const adl = byPicture(maps, (m) => m.map((v) => v < threshold * Math.max(...m) ? 1 : 0));
    assert.deepEqual([...await read(gpu, maps, (m) => keepBelow(m, "minimum", threshold))], acol);
    assert.deepEqual([...await read(gpu, maps, (m) => keepBelow(m, "zero", threshold))], adl);
  });
}

gpuTest("features that are all zero are erased by ADL", async (gpu) => {
  const kept = await read(gpu, new Float32Array(3 * PIXELS), (m) => keepBelow(m, "zero", 0.9));
  assert.ok(kept.every((value) => value === 0));
});

/** As SPG defines it, with numbers of pixels instead of masks. */
function labelled(picture: number[], { high, low }: Cuts, scaled: boolean): number[] {
  const [bottom, top] = [Math.min(...picture), Math.max(...picture)];
  if (scaled && top === bottom) return picture.map(() => -1);
  const m = scaled ? picture.map((v) => (v - bottom) / (top - bottom)) : picture;
  const few = m.filter((v) => v > high).length < 30;
  const cut = few ? 0.7 * Math.max(...m) : high;
  return m.map((v) => v < low ? 0 : v > cut ? 1 : -1);
}

for (
  const cuts of [{ high: 0.6, low: 0.2 }, { high: 0.98, low: 0.1 }, { high: 0.9, low: 0.85 }]
) {
  for (const scaled of [true, false]) {
    gpuTest(`pixels are labelled, ${JSON.stringify(cuts)}, scaled ${scaled}`, async (gpu) => {
      const expected = byPicture(maps, (m) => labelled(m, cuts, scaled));
      const found = await read(gpu, maps, (m) => pixelLabels(m, cuts, { scaled }));
      assert.deepEqual([...found], expected);
    });
  }
}

gpuTest("the loss of pixels: a mean over those with a label", async (gpu) => {
  const labels = Array.from({ length: 3 * PIXELS }, (_, i) => [1, -1, 0, 0, -1][i % 5]);
  const counted = labels.filter((label) => label >= 0).length;
  const t = Tensor.from(gpu, labels, SHAPE);
  const reference = (weight: number) => (x: { data: ArrayLike<number> }) =>
    array([1], [
      weight * labels.reduce((sum, label, i) => {
        const v = x.data[i];
        const loss = Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))) - label * v;
        return label < 0 ? sum : sum + loss;
      }, 0) / counted,
    ]);
  await checkOperation(gpu, {
    inputs: [random(22, SHAPE, 4)],
    operation: (x) => pixelLoss(x, t),
    reference: reference(1),
    terms: PIXELS,
    looseness: 4,
    step: 1e-3,
  });
  t.write(labels.map(() => -1));
  await checkOperation(gpu, {
    inputs: [random(22, SHAPE, 4)],
    operation: (x) => pixelLoss(x, t),
    reference: reference(0),
  });
  t.dispose();
});

gpuTest("the loss of pixels passes NaN on", async (gpu) => {
  const t = Tensor.from(gpu, new Float32Array(3 * PIXELS), SHAPE);
  const loss = await read(gpu, maps.map((v, i) => i === 7 ? NaN : v), (x) => pixelLoss(x, t));
  assert.ok(Number.isNaN(loss[0]));
  t.dispose();
});
