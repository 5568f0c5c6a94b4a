import assert from "node:assert/strict";
import { Classification, classify } from "../../eval/classification.ts";
import { expectDistribution } from "../../eval/distribution.ts";
import { viewOf } from "../../eval/evaluation.ts";
import { explain } from "../../eval/attribution/explain.ts";
import { probabilitiesOf } from "../../eval/erasing/erase.ts";
import type { BatchLoader } from "../../data/loader.ts";
import { Random } from "../../engine/random.ts";
import { buildModel, type ModelOptions } from "../../model/build.ts";
import type { Classifier } from "../../model/classifier.ts";
import type { Annotations } from "../../eval/annotations.ts";
import { gpuTest } from "../gpu.ts";

Deno.test("probabilities are from 0 to 1 and add up to 1, but for rounding", () => {
  const expect = (...values: number[]) => expectDistribution(Float32Array.from(values));
  assert.deepEqual([...expect(0.25, 0.75)], [0.25, 0.75]);
  expect(1);
  expect(0, 1.0005);
  expect(0.4996, 0.5);
  assert.throws(() => expect(64), /gives p\(y\|x\) = 64 for class 0, which is no probability/);
  assert.throws(() => expect(0, NaN), /p\(y\|x\) = NaN for class 1/);
  assert.throws(() => expect(Infinity, 0), /p\(y\|x\) = Infinity for class 0/);
  assert.throws(() => expect(1.1, -0.1), /p\(y\|x\) = 1\.1 for class 0/);
  assert.throws(() => expect(1, -0.1), /p\(y\|x\) = -0\.1 for class 1/);
  assert.throws(() => expect(0, 1.002), /p\(y\|x\) = 1\.002 for class 1/);
  assert.throws(() => expect(0.5, 0.4), /add up to 0\.9 instead of 1/);
  assert.throws(() => expect(0.6, 0.6), /add up to 1\.2 instead of 1/);
  assert.throws(() => expect(0, 0), /add up to 0 instead of 1/);
});

/** Hands out the one batch. */
const loader = {
  async *batches() {
    yield await Promise.resolve(batch);
  },
} as unknown as BatchLoader;

const SIZE = 2;
const random = Random.of(5);
const batch = {
  images: Float32Array.from({ length: SIZE * 16 * 16 * 4 }, () => random.normal()),
  labels: Uint32Array.of(0, 1),
  indices: Uint32Array.of(0, 1),
  size: SIZE,
  number: 0,
};

/** Sets every weight of every convolution. */
function fillConvolutions(model: Classifier, value: number): void {
  for (const { tensor } of model.parameters()) {
    if (tensor.shape.length === 4) tensor.write(new Float32Array(tensor.size).fill(value));
  }
}

gpuTest("weights that overflow give no probabilities, and no numbers instead", async (gpu) => {
  for (const method of ["cam", "calm-ml", "calm-em"] as const) {
    for (const prior of ["softplus", "relu"] as const) {
      const options: ModelOptions = {
        arch: "small-resnet",
        method,
        prior,
        detachNormaliser: true,
        classes: 3,
      };
      const model = buildModel(gpu, options, 2);
      const ways: (() => Promise<unknown>)[] = [
        () => explain(model, batch),
        () => probabilitiesOf(model, batch.images, SIZE),
        () => {
          const annotations = {} as Annotations;
          const ids = ["a", "b"];
          const view = viewOf({ model, options, batch, ids, annotations, mapOptions: {} });
          return new Classification().add(view);
        },
      ];
      for (const way of ways) await way();
      assert.ok((await classify(model, loader)).loss > 0);
      for (const value of [1e30, NaN]) {
        fillConvolutions(model, value);
        for (const way of ways) {
          await assert.rejects(way(), /^UserError: The model gives .*which is no probability/);
        }
        await assert.rejects(classify(model, loader), /^UserError: The model's loss .* is NaN/);
      }
      model.dispose();
    }
  }
});
