import assert from "node:assert/strict";
import { UserError } from "../../../engine/errors.ts";
import { backward } from "../../../engine/autograd.ts";
import { log } from "../../../engine/ops/elementwise.ts";
import { meanSpatial, sumSpatial } from "../../../engine/ops/reduce.ts";
import { Random } from "../../../engine/random.ts";
import { Tensor } from "../../../engine/tensor.ts";
import { BatchMaps } from "../../../eval/maps/batch_maps.ts";
import { type GradientInputs, gradientMaps } from "../../../eval/maps/gradient_maps.ts";
import { gradCam } from "../../../eval/maps/grad_cam.ts";
import { inputGradient, scoreGradient } from "../../../eval/maps/input_gradient.ts";
import { probabilitiesOf } from "../../../eval/measures/erasing/erase.ts";
import { gaussianBlur } from "../../../eval/maps/gaussian_blur.ts";
import type { GradientKind } from "../../../eval/maps/kinds.ts";
import { buildModel, type ModelOptions } from "../../../model/build.ts";
import { jointMap } from "../../../model/calm/joint.ts";
import type { Prior } from "../../../model/calm/location.ts";
import { type Classifier, uploadPictures } from "../../../model/classifier.ts";
import { readParameters } from "../../../model/parameters.ts";
import { gpuTest } from "../../gpu.ts";
import { assertClose, assertRelative } from "../../reference/check.ts";

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

for (const prior of ["softplus", "relu"] as const) {
  for (const detachNormaliser of [false, true]) {
    const trained = `${prior} prior, normaliser ${
      detachNormaliser ? "detached" : "differentiated"
    }`;

    // Detaching is a rule of training; a map that leaves the normaliser out is no gradient.
    gpuTest(
      `the input gradient is that of log p(y|x) by finite differences, ${trained}`,
      async (gpu) => {
        const model = buildModel(gpu, { ...OPTIONS, prior, detachNormaliser }, 6);
        await sparsePrior(model);
        const x = uploadPictures(gpu, { images, size: 2 });
        const gradient = await scoreGradient(model, { from: "pictures", input: x }, labels);
        x.dispose();
        for (const n of [0, 1]) {
          const own = gradient.subarray(3 * n * PIXELS, 3 * (n + 1) * PIXELS);
          const square = own.reduce((sum, value) => sum + value ** 2, 0);
          // So short a step that no ReLU of this network switches: log p moves by ±STEP.
          const step = 0.002 / square;
          const along = async (sign: number) => {
            const moved = images.slice();
            own.forEach((value, i) =>
              moved[4 * (n * PIXELS + Math.floor(i / 3)) + i % 3] += sign * step * value
            );
            return Math.log((await probabilitiesOf(model, moved, 2))[n][labels[n]]);
          };
          const slope = (await along(1) - await along(-1)) / (2 * step * square);
          assertClose([slope], [1], 0.02, `picture ${n}`);
        }
        model.dispose();
      },
    );

    gpuTest(`gradients by the last features against float64, ${trained}`, async (gpu) => {
      const model = buildModel(gpu, { ...OPTIONS, prior, detachNormaliser }, 6);
      await sparsePrior(model);
      const u = model.inference(() =>
        model.backbone.forward(uploadPictures(gpu, { images, size: 2 }))
      );
      const features = Float64Array.from(await u.read());
      const gradient = await scoreGradient(model, { from: "features", input: u }, labels);
      const weights = await readParameters(model, (name) => /^(conv_last|attention)/.test(name));
      const each = features.length / 2;
      for (const n of [0, 1]) {
        const own = features.subarray(n * each, (n + 1) * each);
        const score = (u: Float64Array) => logProbability(u, weights, { prior, label: labels[n] });
        const expected = own.map((_, i) => {
          const moved = (delta: number) =>
            score(own.map((value, k) => k === i ? value + delta : value));
          return (moved(1e-5) - moved(-1e-5)) / 2e-5;
        });
        assertRelative(gradient.subarray(n * each, (n + 1) * each), expected, 1e-4, `picture ${n}`);
      }
      u.dispose();
      model.dispose();
    });
  }
}

/** Moves the location logits so that a ReLU prior is zero in some of the places. */
async function sparsePrior(model: Classifier): Promise<void> {
  const [{ tensor: { gpu } }] = model.parameters();
  const weights = await readParameters(model, (name) => name.startsWith("attention"));
  const u = model.inference(() => model.backbone.forward(uploadPictures(gpu, { images, size: 2 })));
  const features = await u.read();
  u.dispose();
  const weight = weights.get("attention.0.weight")!;
  const logits = Array.from(
    { length: features.length / weight.length },
    (_, z) => weight.reduce((sum, value, k) => sum + value * features[z * weight.length + k], 0),
  );
  const sorted = logits.toSorted((a, b) => a - b);
  const third = Math.floor(logits.length / 3);
  // Between two places: none lies on the ReLU's kink.
  const threshold = (sorted[third] + sorted[third + 1]) / 2;
  const bias = model.parameters().find(({ name }) => name === "attention.0.bias")!.tensor;
  bias.write([-threshold]);
}

/** log p(y|x) of one picture's features, `cells × channels`, in float64 (paper §4.1.1). */
function logProbability(
  u: Float64Array,
  weights: ReadonlyMap<string, ArrayLike<number>>,
  { prior, label }: { readonly prior: Prior; readonly label: number },
): number {
  const [classWeight, classBias, placeWeight, placeBias] = ["conv_last", "attention.0"]
    .flatMap((name) => [weights.get(`${name}.weight`)!, weights.get(`${name}.bias`)!]);
  const [channels, classes] = [placeWeight.length, classBias.length];
  let [joint, normaliser] = [0, 0];
  for (let z = 0; z < u.length / channels; z++) {
    const dot = (weight: ArrayLike<number>, outputs: number, y: number) => {
      let sum = 0;
      for (let k = 0; k < channels; k++) sum += u[z * channels + k] * weight[k * outputs + y];
      return sum;
    };
    const logits = Array.from(
      { length: classes },
      (_, y) => classBias[y] + dot(classWeight, classes, y),
    );
    const a = placeBias[0] + dot(placeWeight, 1, 0);
    const location = prior === "relu" ? Math.max(0, a) : Math.log1p(Math.exp(a));
    const total = logits.reduce((sum, value) => sum + Math.exp(value - logits[label]), 0);
    joint += location / total;
    normaliser += location;
  }
  return Math.log(joint / normaliser);
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

gpuTest("noise is each class's own, and the seed's", async (gpu) => {
  const model = buildModel(gpu, { ...OPTIONS, method: "cam" }, 6);
  // Two classes with the same weights differ in the noise only.
  const weight = model.parameters().find(({ name }) => name === "conv_last.weight")!.tensor;
  const values = await weight.read();
  weight.write(values.map((_, i) => values[i - i % 3]));
  const batch = { images, size: 2, indices: Uint32Array.of(0, 1) };
  const mapsOf = async (kind: GradientKind, seed: number) => {
    const maps = await new BatchMaps(model, batch, { seed }).of(kind, [[0, 1], []]);
    return [maps(0, 0).values, maps(0, 1).values];
  };
  const [plainA, plainB] = await mapsOf("gradient", 0);
  assert.deepEqual(plainA, plainB);
  const [smoothA, smoothB] = await mapsOf("smooth-grad", 0);
  assert.notDeepEqual(smoothA, smoothB, "classes");
  assert.deepEqual(await mapsOf("smooth-grad", 0), [smoothA, smoothB], "the same seed");
  assert.notDeepEqual((await mapsOf("smooth-grad", 1))[0], smoothA, "another seed");
  model.dispose();
});

gpuTest("a map with NaN is refused, whatever asked for it", async (gpu) => {
  const model = buildModel(gpu, OPTIONS, 6);
  const weight = model.parameters().find(({ name }) => name === "conv1.weight")!.tensor;
  weight.write((await weight.read()).map((value, i) => i === 5 ? NaN : value));
  const batch = { images, size: 2, indices: Uint32Array.of(7, 8) };
  for (const kind of ["joint", "gradient", "smooth-grad", "grad-cam"] as const) {
    await assert.rejects(
      async () => {
        (await new BatchMaps(model, batch).of(kind, [[1], [1]]))(0, 1);
      },
      UserError,
      kind,
    );
  }
  model.dispose();
});

gpuTest(
  "gradient maps tell their share of the work, and end where that is refused",
  async (gpu) => {
    const model = buildModel(gpu, OPTIONS, 6);
    const batch = { images: images.slice(0, 4 * PIXELS), size: 1, indices: Uint32Array.of(0) };
    const shares: number[] = [];
    const onShare = (share: number) => {
      shares.push(share);
      if (shares.length === 103) throw new Error("enough");
    };
    const maps = new BatchMaps(model, batch, { onShare });
    const told = await maps.of("smooth-grad", [[0, 2]]);
    // 50 passes for each of the two classes.
    const expected = (i: number) => (Math.floor(i / 50) + i % 50 / 50) / 2;
    assert.deepEqual(shares, Array.from({ length: 100 }, (_, i) => expected(i)));
    const untold = await new BatchMaps(model, batch).of("smooth-grad", [[2]]);
    assert.deepEqual(told(0, 2).values, untold(0, 2).values, "being told changes nothing");
    await assert.rejects(maps.of("integrated-gradient", [[1]]), /^Error: enough$/);
    assert.deepEqual(shares.slice(100), [0, 1 / 51, 2 / 51]);
    shares.length = 103;
    (await maps.of("integrated-gradient", [[1]]))(0, 1);
    assert.equal(shares.length, 103 + 51, "the work begins anew");
    model.dispose();
  },
);

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
    const gradient = await scoreGradient(model, { from: "features", input: u }, labels);
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
          const alpha = value ** 2 / (2 * value ** 2 + total * value ** 3);
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
