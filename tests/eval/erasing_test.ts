import assert from "node:assert/strict";
import { BatchLoader } from "../../data/loader.ts";
import type { Split } from "../../data/dataset.ts";
import { Random } from "../../engine/random.ts";
import { classify } from "../../eval/classification.ts";
import { baselineOf } from "../../eval/erasing/baseline.ts";
import { removeAndClassify } from "../../eval/erasing/remove_and_classify.ts";
import { buildModel } from "../../model/build.ts";
import { gpuTest } from "../gpu.ts";
import { assertClose } from "../reference/check.ts";
import { readGolden } from "../reference/golden.ts";

const golden = await readGolden("metrics");

/** `[h, w, 3]` with the channels padded to 4. */
function padded({ data }: { data: Float32Array }): Float32Array<ArrayBuffer> {
  const out = new Float32Array(data.length / 3 * 4);
  data.forEach((value, i) => out[4 * Math.floor(i / 3) + i % 3] = value);
  return out;
}

Deno.test("PyTorch: the blurred baseline", () => {
  const source = padded(golden.tensor("blur/source"));
  const expected = padded(golden.tensor("blur/output"));
  assertClose(baselineOf(source, 40, "blur", Random.of(0)), expected, 1e-6, "blur");
});

Deno.test("baselines: the mean colour, noise around it, nothing", () => {
  const source = padded(golden.tensor("blur/source"));
  const mean = [0, 1, 2].map((c) =>
    source.filter((_, i) => i % 4 === c).reduce((a, b) => a + b) / 1600
  );
  assert.ok(baselineOf(source, 40, "zero", Random.of(0)).every((value) => value === 0));
  const flat = baselineOf(source, 40, "mean", Random.of(0));
  const noisy = baselineOf(source, 40, "noise", Random.of(0));
  for (const c of [0, 1, 2]) {
    const own = (from: Float32Array) => [...from.filter((_, i) => i % 4 === c)];
    assertClose(own(flat), new Array(1600).fill(mean[c]), 1e-6, "mean");
    const deviations = own(noisy).map((value) => value - mean[c]);
    const spread = Math.sqrt(deviations.reduce((sum, d) => sum + d * d, 0) / 1600);
    assert.ok(Math.abs(spread - 0.2) < 0.02, `${spread}`);
  }
  for (const each of [flat, noisy]) assert.ok(each.every((v, i) => i % 4 < 3 || v === 0));
});

/** Dark pictures with a bright square, at the left for class 0 and at the right for class 1. */
function squares(count: number): Split {
  const pixels = new Uint8Array(count * 32 * 32 * 3).fill(20);
  const labels = Uint32Array.from({ length: count }, (_, n) => n % 2);
  for (let n = 0; n < count; n++) {
    for (let y = 12; y < 20; y++) {
      const from = 3 * ((n * 32 + y) * 32 + (labels[n] ? 22 : 2));
      pixels.fill(230, from, from + 24);
    }
  }
  return {
    name: "test",
    ids: Array.from(labels, (_, n) => `square/${n}`),
    labels,
    source: { kind: "memory", pixels, width: 32, height: 32, channels: 3 },
  };
}

gpuTest(
  "erasing nothing or everything tells no ranking from chance; the same seed repeats",
  async (gpu) => {
    const options = {
      arch: "small-resnet",
      method: "calm-em",
      prior: "softplus",
      detachNormaliser: false,
      classes: 2,
    } as const;
    const model = buildModel(gpu, options, 5);
    const loader = new BatchLoader(squares(12), {
      batchSize: 5,
      transform: { resize: 32, crop: 32, flip: false },
      train: false,
      seed: 0,
    });
    const settings = { kind: "joint", baseline: "mean", k: [0, 20, 100], seed: 3 } as const;
    const first = await removeAndClassify(model, loader, settings);
    const again = await removeAndClassify(model, loader, settings);
    const { accuracy } = await classify(model, loader);
    loader.close();
    assert.deepEqual(again, first);
    assert.equal(first.images, 12);
    assertClose(
      [first.accuracy[0], first.randomAccuracy[0]],
      [100 * accuracy, 100 * accuracy],
      1e-9,
      "k = 0",
    );
    assert.equal(first.accuracy[2], first.randomAccuracy[2]);
    for (const [i, ratio] of first.relativeAccuracy.entries()) {
      assert.equal(ratio, first.accuracy[i] / first.randomAccuracy[i]);
      const [low, high] = first.interval[i];
      assert.ok(Number.isNaN(ratio) || (low <= ratio && ratio <= high), `${low} ${ratio} ${high}`);
    }
    model.dispose();
  },
);
