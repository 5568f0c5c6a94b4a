import assert from "node:assert/strict";
import { backward } from "../../engine/autograd.ts";
import { log } from "../../engine/ops/elementwise.ts";
import { meanSpatial, sumSpatial } from "../../engine/ops/reduce.ts";
import { Random } from "../../engine/random.ts";
import { Tensor } from "../../engine/tensor.ts";
import { BatchMaps } from "../../eval/attribution/batch_maps.ts";
import {
  type GradientInputs,
  type GradientKind,
  gradientMaps,
} from "../../eval/attribution/gradient_maps.ts";
import { gradCam } from "../../eval/attribution/grad_cam.ts";
import { inputGradient, scoreGradient } from "../../eval/attribution/input_gradient.ts";
import { gaussianBlur } from "../../eval/gaussian_blur.ts";
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
  const mapsOf = async (kind: GradientKind, pictures: GradientInputs = inputs) =>
    (await gradientMaps(model, kind, pictures))[kind]!;
  const integrated = await mapsOf("integrated-gradient");
  const sum = new Float64Array(2 * PIXELS);
  for (let i = 0; i <= 50; i++) {
    const map = await inputGradient(model, images.map((value) => value * i / 50), labels);
    map.forEach((value, p) => sum[p] += value / 50);
  }
  assertRelative(integrated, sum, 1e-4, "integrated gradient");
  const smooth = await mapsOf("smooth-grad");
  const squared = await mapsOf("smooth-grad-squared");
  const variance = await mapsOf("var-grad");
  assertClose(variance, squared.map((square, p) => square - smooth[p] ** 2), 1e-5, "variance");
  assert.deepEqual(await mapsOf("smooth-grad"), smooth, "the same noise");
  // Noise belongs to a picture, not to its place in a batch.
  const [, second] = [images.subarray(0, 4 * PIXELS), images.slice(4 * PIXELS)];
  const alone = await mapsOf("smooth-grad", {
    images: second,
    labels: labels.slice(1),
    indices: [9],
    seed: 1,
  });
  assertRelative(alone, smooth.subarray(PIXELS), 1e-4, "alone");
  model.dispose();
});

gpuTest("a batch's gradient maps are made once, for the classes that are wanted", async (gpu) => {
  const model = buildModel(gpu, OPTIONS, 6);
  const batch = { images, size: 2, indices: Uint32Array.of(0, 1) };
  const batchMaps = new BatchMaps(model, batch);
  const maps = await batchMaps.of("gradient", [[2, 1], [0]]);
  const own = await inputGradient(model, images, labels);
  assert.deepEqual(maps(0, 2).values, own.subarray(0, PIXELS));
  assert.deepEqual(maps(1, 0).values, own.subarray(PIXELS));
  assert.notDeepEqual(maps(0, 1).values, maps(0, 2).values);
  const again = await batchMaps.of("gradient", [[1], [0, 1]]);
  assert.equal(again(0, 1), maps(0, 1), "the very same");
  assert.notDeepEqual(again(1, 1).values, again(1, 0).values);
  // The draws of SmoothGrad are those of VarGrad, too.
  const smooth = await batchMaps.of("smooth-grad", [[2], [0]]);
  const [family, variance] = [smooth(0, 2), await batchMaps.of("var-grad", [[2], [0]])];
  assert.equal(family.values.length, variance(0, 2).values.length);
  const blurred = await new BatchMaps(model, batch, { blur: 1.5 }).of("gradient", [[2], [0]]);
  const expected = gaussianBlur(maps(0, 2).values, {
    extent: EXTENT,
    channels: 1,
    radius: 5,
    deviation: 1.5,
  });
  assert.deepEqual(blurred(0, 2).values, expected);
  model.dispose();
});

gpuTest("Grad-CAM of a model of CAM is CAM without its bias, negatives dropped", async (gpu) => {
  const model = buildModel(gpu, { ...OPTIONS, method: "cam" }, 6);
  const bias = model.parameters().find(({ name }) => name === "conv_last.bias")!.tensor;
  bias.write([0.5, -0.25, 1]);
  const batch = { images, size: 2, indices: Uint32Array.of(0, 1) };
  const maps = new BatchMaps(model, batch);
  const cam = await maps.of("cam", []);
  const gradCam = await maps.of("grad-cam", [[0, 1], [2]]);
  for (const [n, label, shift] of [[0, 0, 0.5], [0, 1, -0.25], [1, 2, 1]] as const) {
    const { values, width, height } = cam(n, label);
    const expected = values.map((value) => Math.max(0, value - shift) / (width * height));
    assertRelative(gradCam(n, label).values, expected, 1e-5, `picture ${n}, class ${label}`);
  }
  model.dispose();
});

for (const method of ["cam", "calm-em"] as const) {
  gpuTest(`Grad-CAM and Grad-CAM++ of ${method}: their formulas in float64`, async (gpu) => {
    const model = buildModel(gpu, { ...OPTIONS, method }, 7);
    const batch = { images, size: 2, indices: Uint32Array.of(0, 1) };
    const [first] = await gradCam(model, batch, [labels]);
    assert.ok(model.training && model.parameters().every(({ tensor }) => tensor.requiresGradient));
    const u = model.inference(() => model.backbone.forward(uploadPictures(gpu, batch)));
    const features = await u.read();
    const gradient = await scoreGradient(model, u, labels, (u) => model.head(u));
    const [, height, width, channels] = u.shape;
    const cells = height * width;
    for (const n of [0, 1]) {
      const at = (z: number, k: number) => (n * cells + z) * channels + k;
      const plain = new Float64Array(cells);
      const plus = new Float64Array(cells);
      for (let k = 0; k < channels; k++) {
        const column = Array.from({ length: cells }, (_, z) => z);
        const g = column.map((z) => gradient[at(z, k)]);
        const total = column.reduce((sum, z) => sum + features[at(z, k)], 0);
        const mean = g.reduce((a, b) => a + b, 0) / cells;
        const weight = g.reduce((sum, value) => {
          const alpha = value ** 2 / (2 * value ** 2 + total * value ** 3 + 1e-6);
          return sum + (value === 0 ? 0 : alpha * Math.max(0, value));
        }, 0);
        for (const z of column) {
          plain[z] += mean * features[at(z, k)];
          plus[z] += weight * features[at(z, k)];
        }
      }
      assertRelative(first[n]["grad-cam"].values, plain.map((v) => Math.max(0, v)), 1e-5, "plain");
      assertRelative(first[n]["grad-cam++"].values, plus.map((v) => Math.max(0, v)), 1e-5, "++");
    }
    u.dispose();
    model.dispose();
  });
}
