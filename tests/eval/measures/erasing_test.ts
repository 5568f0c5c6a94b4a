import assert from "node:assert/strict";
import { BatchLoader } from "../../../data/loader.ts";
import type { Split } from "../../../data/dataset.ts";
import { Random } from "../../../engine/random.ts";
import type { Annotations } from "../../../eval/measures/annotations.ts";
import { explain } from "../../../eval/maps/explain.ts";
import { Axioms, type AxiomScores } from "../../../eval/measures/axioms/axioms.ts";
import { Classification, classify } from "../../../eval/measures/classification.ts";
import { baselineOf, riseWeights } from "../../../eval/measures/erasing/baseline.ts";
import { rank } from "../../../eval/measures/erasing/erase.ts";
import {
  DeletionInsertion,
  riseOptions,
  trapezoids,
} from "../../../eval/measures/erasing/deletion_insertion.ts";
import { OWN_DELETION } from "../../../eval/measures/job/plan.ts";
import { RemoveAndClassify } from "../../../eval/measures/erasing/remove_and_classify.ts";
import { type Evaluation, viewOf } from "../../../eval/measures/evaluation.ts";
import { ParameterRandomisation } from "../../../eval/measures/parameter_randomisation.ts";
import type { Classifier } from "../../../model/classifier.ts";
import { buildModel } from "../../../model/build.ts";
import { gpuTest } from "../../gpu.ts";
import { assertClose } from "../../reference/check.ts";
import { readGolden } from "../../reference/golden.ts";

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

const OPTIONS = {
  arch: "small-resnet",
  method: "calm-em",
  prior: "softplus",
  detachNormaliser: false,
  classes: 2,
} as const;

/** Shows the squares to evaluations, batch by batch. */
async function show(
  model: Classifier,
  evaluations: readonly Evaluation<unknown>[],
  { count = 12, wanted }: { count?: number; wanted?: (number: number) => boolean } = {},
): Promise<void> {
  const split = squares(count);
  const loader = BatchLoader.inOrder(split, { crop: 32, batchSize: 5 });
  for await (const batch of loader.batches(0, wanted)) {
    const ids = Array.from(batch.indices, (index) => split.ids[index]);
    const annotations = {} as Annotations;
    const view = viewOf({ model, options: OPTIONS, batch, ids, annotations, mapOptions: {} });
    for (const evaluation of evaluations) await evaluation.add(view);
  }
  loader.close();
}

gpuTest(
  "erasing nothing or everything tells no ranking from chance; the same seed repeats",
  async (gpu) => {
    const model = buildModel(gpu, OPTIONS, 5);
    const settings = { kind: "joint", baseline: "mean", k: [0, 20, 100], seed: 3 } as const;
    const [one, two] = [new RemoveAndClassify(settings), new RemoveAndClassify(settings)];
    const classification = new Classification();
    await show(model, [one, classification]);
    await show(model, [two]);
    const [first, { accuracy }] = [one.result(), classification.result()];
    assert.deepEqual(two.result(), first);
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

gpuTest("classification as an evaluation agrees with the one on the GPU", async (gpu) => {
  for (const method of ["cam", "calm-em"] as const) {
    const model = buildModel(gpu, { ...OPTIONS, method }, 5);
    const evaluation = new Classification();
    await show(model, [evaluation]);
    const loader = BatchLoader.inOrder(squares(12), { crop: 32, batchSize: 5 });
    const { loss, accuracy, images } = await classify(model, loader);
    loader.close();
    const result = evaluation.result();
    assertClose([result.loss, result.accuracy], [loss, accuracy], 1e-5, method);
    assert.equal(result.images, images);
    model.dispose();
  }
});

gpuTest("pictures whose ReLU prior is zero everywhere are counted, both ways", async (gpu) => {
  const images = 12;
  for (
    const [changes, dead] of [
      [{ method: "calm-em", prior: "relu" }, images],
      [{ method: "calm-em", prior: "softplus" }, 0],
      [{ method: "cam", prior: "relu" }, 0],
    ] as const
  ) {
    const model = buildModel(gpu, { ...OPTIONS, ...changes }, 5);
    model.parameters().find(({ name }) => name === "attention.0.bias")?.tensor.write([-1e3]);
    const evaluation = new Classification();
    await show(model, [evaluation]);
    const loader = BatchLoader.inOrder(squares(images), { crop: 32, batchSize: 5 });
    const result = await classify(model, loader);
    loader.close();
    assert.deepEqual([result.deadPriors, evaluation.result().deadPriors], [dead, dead]);
    assert.ok(Number.isFinite(result.loss));
    model.dispose();
  }
});

Deno.test("RISE's blur: scipy's weights, zeros beyond the edges", () => {
  // scipy.ndimage.gaussian_filter of a single 1 in 11 × 11, deviation 5; summed over rows.
  const half = [
    0.08795814577727815,
    0.08889611977709483,
    0.09047419654910865,
    0.09219111781938807,
    0.09348938844291409,
  ];
  const scipy = [...half, 0.09398206326843248, ...half.toReversed()];
  assertClose(riseWeights(), scipy, 1e-12, "weights");
  const extent = 14;
  const random = Random.of(4);
  const picture = Float32Array.from(
    { length: 4 * extent * extent },
    (_, i) => i % 4 === 3 ? 0 : random.normal(0, 1),
  );
  const expected = picture.map((_, i) => {
    const [x, y] = [(i >> 2) % extent, Math.floor(i / (4 * extent))];
    let sum = 0;
    for (let v = -5; v <= 5; v++) {
      for (let u = -5; u <= 5; u++) {
        const inside = x + u >= 0 && x + u < extent && y + v >= 0 && y + v < extent;
        if (inside) sum += scipy[u + 5] * scipy[v + 5] * picture[i + 4 * (v * extent + u)];
      }
    }
    return sum;
  });
  assertClose(baselineOf(picture, extent, "rise-blur", random), expected, 1e-6, "picture");
});

Deno.test("the area under a curve, by trapezoids", () => {
  assert.equal(trapezoids([1, 0]), 0.5);
  assert.equal(trapezoids([1, 1, 1]), 1);
  assertClose([trapezoids([0.9, 0.5, 0.1, 0])], [(0.7 + 0.3 + 0.05) / 3], 1e-12, "four points");
});

Deno.test("pixels are ranked from the highest score down, equal ones in reading order", () => {
  const map = { width: 2, height: 2, values: Float32Array.of(0, 3, 3, -1) };
  assert.deepEqual([...rank(map, 2)], [1, 2, 0, 3]);
});

gpuTest(
  "deletion and insertion follow the map's order from whole to nothing and back",
  async (gpu) => {
    const model = buildModel(gpu, OPTIONS, 5);
    const options = { ...OWN_DELETION, kind: "joint", seed: 0 } as const;
    const [two, four] = [2, 4].map((steps) => new DeletionInsertion({ ...options, steps }));
    await show(model, [two, four]);

    // The same from pictures that are put together here.
    const split = squares(12);
    const loader = BatchLoader.inOrder(split, { crop: 32, batchSize: 12 });
    const [batch] = await Array.fromAsync(loader.batches(0));
    loader.close();
    const explanations = await explain(model, batch);
    const stride = 4 * 32 * 32;
    const areas = await Promise.all(explanations.map(async ({ map }, n) => {
      const own = batch.images.slice(n * stride, (n + 1) * stride);
      const blurred = baselineOf(own, 32, "blur", Random.of(0));
      const order = rank(map("joint", batch.labels[n]), 32);
      const half = new Set(order.subarray(0, 512));
      const mixed = (erased: (pixel: number) => boolean) =>
        own.map((value, i) => erased(Math.floor(i / 4)) ? blurred[i] : value);
      const p = async (erased: (pixel: number) => boolean) => {
        const [{ probabilities }] = await explain(model, { images: mixed(erased), size: 1 });
        return probabilities[batch.labels[n]];
      };
      const [whole, none] = [await p(() => false), await p(() => true)];
      const ends = (whole + none) / 2;
      return [
        (ends + await p((pixel) => half.has(pixel))) / 2,
        (ends + await p((pixel) => !half.has(pixel))) / 2,
      ];
    }));
    const mean = (column: number) => areas.reduce((sum, row) => sum + row[column], 0) / 12;
    const { deletion, insertion, images } = two.result();
    assertClose([deletion, insertion], [mean(0), mean(1)], 1e-5, "two steps");
    assert.equal(images, 12);
    assert.notEqual(four.result().deletion, deletion);
    model.dispose();
  },
);

gpuTest(
  "RISE's deletion and insertion: baselines of their own, the predicted class",
  async (gpu) => {
    const model = buildModel(gpu, OPTIONS, 5);
    const rise = riseOptions(32);
    assert.deepEqual(rise, {
      baseline: "zero",
      insertionBaseline: "rise-blur",
      steps: 32,
      of: "predicted class",
    });
    const evaluation = new DeletionInsertion({ ...rise, steps: 2, kind: "joint", seed: 0 });
    await show(model, [evaluation]);

    const loader = BatchLoader.inOrder(squares(12), { crop: 32, batchSize: 12 });
    const [batch] = await Array.fromAsync(loader.batches(0));
    loader.close();
    const stride = 4 * 32 * 32;
    let [deletion, insertion, others] = [0, 0, 0];
    for (const [n, { map, predicted }] of (await explain(model, batch)).entries()) {
      if (predicted !== batch.labels[n]) others++;
      const own = batch.images.slice(n * stride, (n + 1) * stride);
      const first = new Set(rank(map("joint", predicted), 32).subarray(0, 512));
      const p = async (erasing: "zero" | "rise-blur", erased: (pixel: number) => boolean) => {
        const substitute = baselineOf(own, 32, erasing, Random.of(0));
        const images = own.map((value, i) => erased(i >> 2) ? substitute[i] : value);
        return (await explain(model, { images, size: 1 }))[0].probabilities[predicted];
      };
      const whole = await p("zero", () => false);
      const half = await p("zero", (pixel) => first.has(pixel));
      deletion += ((whole + await p("zero", () => true)) / 2 + half) / 2 / 12;
      const begun = await p("rise-blur", (pixel) => !first.has(pixel));
      insertion += ((whole + await p("rise-blur", () => true)) / 2 + begun) / 2 / 12;
    }
    assert.ok(others > 0, "some predictions are wrong");
    const result = evaluation.result();
    assertClose([result.deletion, result.insertion], [deletion, insertion], 1e-5, "areas");
    model.dispose();
  },
);

gpuTest("tallies of parts add up to those of the whole, to the last digit", async (gpu) => {
  const model = buildModel(gpu, OPTIONS, 5);
  const settings = { kind: "joint", baseline: "noise", k: [30], seed: 1 } as const;
  const make = () => [
    new RemoveAndClassify(settings),
    new Classification(),
    new DeletionInsertion({ ...OWN_DELETION, kind: "saliency", steps: 3, seed: 0 }),
    new Axioms({ kind: "conditional", every: 2 }),
    new ParameterRandomisation({ kind: "joint", every: 3 }),
  ];
  const whole = make();
  await show(model, whole);
  const sum = make();
  for (const part of [2, 0, 1]) {
    const own = make();
    await show(model, own, { wanted: (number) => number === part });
    // As through a file.
    for (const [i, evaluation] of own.entries()) {
      sum[i].merge(JSON.parse(JSON.stringify(evaluation.tally())));
    }
  }
  for (const [i, evaluation] of whole.entries()) {
    assert.deepEqual(sum[i].result(), evaluation.result());
  }
  assert.equal((whole[3].result() as AxiomScores).images, 6);
  model.dispose();
});
