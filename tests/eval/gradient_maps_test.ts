import assert from "node:assert/strict";
import { backward } from "../../engine/autograd.ts";
import { log } from "../../engine/ops/elementwise.ts";
import { meanSpatial, sumSpatial } from "../../engine/ops/reduce.ts";
import { Random } from "../../engine/random.ts";
import { Tensor } from "../../engine/tensor.ts";
import { attribute } from "../../eval/attribution/attribute.ts";
import { gradientMaps } from "../../eval/attribution/gradient_maps.ts";
import { inputGradient } from "../../eval/attribution/input_gradient.ts";
import { buildModel, type ModelOptions } from "../../model/build.ts";
import { jointMap } from "../../model/calm/joint.ts";
import { uploadPictures } from "../../model/classifier.ts";
import { gpuTest } from "../gpu.ts";
import { assertClose, assertRelative } from "../reference/check.ts";

const OPTIONS: ModelOptions = {
  arch: "small-resnet",
  method: "calm-em",
  prior: "softplus",
  detachNormaliser: false,
  classes: 3,
};
const EXTENT = 12;
const PIXELS = EXTENT * EXTENT;
const random = Random.of(77);
const images = Float32Array.from(
  { length: 2 * 4 * PIXELS },
  (_, i) => i % 4 === 3 ? 0 : random.normal(0, 1),
);
const labels = Uint32Array.of(2, 0);

for (const method of ["cam", "calm-ml"] as const) {
  gpuTest(
    `the input gradient of ${method}: the same score through other operations`,
    async (gpu) => {
      const model = buildModel(gpu, { ...OPTIONS, method }, 6);
      const map = await inputGradient(model, images, labels);
      assert.ok(model.training, "the model's mode is as before");
      assert.ok(
        model.parameters().every(({ tensor }) => tensor.requiresGradient && !tensor.gradient),
      );
      model.setTraining(false);
      const x = uploadPictures(gpu, { images, size: 2 }).asParameter();
      gpu.scope(() => {
        const { f, logH } = model.forward(x);
        const perClass = logH ? log(sumSpatial(jointMap(f, logH))) : meanSpatial(f);
        // One-hot rows choose the classes 2 and 0.
        backward(perClass, Tensor.from(gpu, [0, 0, 1, 1, 0, 0], [2, 3]));
      });
      const gradient = await x.gradient!.read();
      const expected = Array.from(
        { length: 2 * PIXELS },
        (_, i) => Math.max(...gradient.subarray(3 * i, 3 * i + 3).map(Math.abs)),
      );
      assertRelative(map, expected, 1e-5, "gradient");
      for (const { tensor } of model.parameters()) {
        tensor.gradient?.dispose();
        tensor.gradient = null;
      }
      x.dispose();
      model.dispose();
    },
  );
}

gpuTest("integrated, smooth and variance gradients are what their formulas say", async (gpu) => {
  const model = buildModel(gpu, OPTIONS, 6);
  const inputs = { images, labels, indices: [4, 9], seed: 1 };
  const integrated = await gradientMaps(model, "integrated-gradient", inputs);
  const sum = new Float64Array(2 * PIXELS);
  for (let i = 0; i <= 50; i++) {
    const map = await inputGradient(model, images.map((value) => value * i / 50), labels);
    map.forEach((value, p) => sum[p] += value / 50);
  }
  assertRelative(integrated, sum, 1e-4, "integrated gradient");
  const smooth = await gradientMaps(model, "smooth-grad", inputs);
  const squared = await gradientMaps(model, "smooth-grad-squared", inputs);
  const variance = await gradientMaps(model, "var-grad", inputs);
  assertClose(variance, squared.map((square, p) => square - smooth[p] ** 2), 1e-5, "variance");
  assert.deepEqual(await gradientMaps(model, "smooth-grad", inputs), smooth, "the same noise");
  // Noise belongs to a picture, not to its place in a batch.
  const [, second] = [images.subarray(0, 4 * PIXELS), images.slice(4 * PIXELS)];
  const alone = await gradientMaps(model, "smooth-grad", {
    images: second,
    labels: labels.slice(1),
    indices: [9],
    seed: 1,
  });
  assertRelative(alone, smooth.subarray(PIXELS), 1e-4, "alone");
  model.dispose();
});

gpuTest("attribute gives gradient maps of every class that is wanted", async (gpu) => {
  const model = buildModel(gpu, OPTIONS, 6);
  const batch = { images, size: 2, indices: Uint32Array.of(0, 1) };
  const maps = await attribute(model, batch, "gradient", [[2, 1], [0]]);
  const own = await inputGradient(model, images, labels);
  assert.deepEqual(maps(0, 2).values, own.subarray(0, PIXELS));
  assert.deepEqual(maps(1, 0).values, own.subarray(PIXELS));
  assert.notDeepEqual(maps(0, 1).values, maps(0, 2).values);
  model.dispose();
});
