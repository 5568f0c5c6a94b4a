import assert from "node:assert/strict";
import { explain, likeliest, runnerUp } from "../../../eval/maps/explain.ts";
import { mapKinds } from "../../../eval/maps/kinds.ts";
import { contactSheet } from "../../../eval/present/pictures/contact_sheet.ts";
import { inferno } from "../../../eval/present/pictures/colour_map.ts";
import { overlay, pictureOf } from "../../../eval/present/pictures/overlay.ts";
import { decodePicture } from "../../../data/codecs.ts";
import { Random } from "../../../engine/random.ts";
import { buildModel } from "../../../model/build.ts";
import { uploadPictures } from "../../../model/classifier.ts";
import type { Method } from "../../../model/methods.ts";
import { gpuTest } from "../../gpu.ts";
import { assertClose } from "../../reference/check.ts";

const SIZE = 3;
const random = Random.of(8);
const images = Float32Array.from(
  { length: SIZE * 16 * 16 * 4 },
  (_, i) => i % 4 === 3 ? 0 : random.normal(),
);

const options = (method: Method) =>
  ({
    arch: "small-resnet",
    method,
    prior: "softplus",
    detachNormaliser: false,
    classes: 6,
  }) as const;

gpuTest(
  "CALM's maps are probabilities that add up: Σ joint = p(ŷ|x), Σ saliency = 1",
  async (gpu) => {
    const model = buildModel(gpu, options("calm-em"), 2);
    const explanations = await explain(model, { images, size: SIZE });
    assert.equal(explanations.length, SIZE);
    for (const { probabilities, predicted, map } of explanations) {
      assertClose([probabilities.reduce((a, b) => a + b)], [1], 2e-6, "Σ p(y|x)");
      assert.equal(predicted, probabilities.indexOf(Math.max(...probabilities)));
      const saliency = map("saliency", 0);
      assert.deepEqual([saliency.width, saliency.height], [4, 4]);
      assertClose([saliency.values.reduce((a, b) => a + b)], [1], 2e-6, "Σ p(z|x)");
      for (let label = 0; label < 6; label++) {
        const joint = map("joint", label).values;
        const conditional = map("conditional", label).values;
        assertClose([joint.reduce((a, b) => a + b)], [probabilities[label]], 2e-6, "Σ p(ŷ,z|x)");
        const product = conditional.map((g, z) => g * saliency.values[z]);
        assertClose(joint, product, 1e-6, "p(ŷ|x,z) · p(z|x)");
        const posterior = map("posterior", label).values;
        const bayes = joint.map((p) => p / probabilities[label]);
        assertClose(posterior, bayes, 4e-6, "p(ŷ,z|x) / p(ŷ|x)");
      }
    }
    assert.equal(model.training, true, "explaining leaves the model's mode as it was");
    model.dispose();
  },
);

gpuTest("the map of eq. 7 is the slice of the joint that calm_joint.wgsl computes", async (gpu) => {
  const model = buildModel(gpu, options("calm-em"), 2);
  const joint = model.inference(() =>
    model.joint(model.forward(uploadPictures(gpu, { images, size: SIZE })))
  );
  const expected = await joint.read();
  const [, height, width, classes] = joint.shape;
  const each = height * width * classes;
  for (const [n, { map }] of (await explain(model, { images, size: SIZE })).entries()) {
    for (let label = 0; label < classes; label++) {
      const slice = expected.subarray(n * each, (n + 1) * each)
        .filter((_, i) => i % classes === label);
      assertClose(map("joint", label).values, slice, 1e-6, `picture ${n}, class ${label}`);
    }
  }
  joint.dispose();
  model.dispose();
});

gpuTest("CAM's maps are the logits scaled by their maximum or their range", async (gpu) => {
  const model = buildModel(gpu, options("cam"), 2);
  assert.deepEqual(mapKinds(model), ["cam-max", "cam-minmax", "cam", "subset", "counterfactual"]);
  const [{ map }] = await explain(model, { images, size: SIZE });
  for (let label = 0; label < 6; label++) {
    const range = map("cam-minmax", label).values;
    assert.equal(Math.min(...range), 0);
    assert.equal(Math.max(...range), 1);
    const top = map("cam-max", label).values;
    assert.ok(top.every((v) => v >= 0 && v <= 1));
    // Where neither map is cut off, one is an affine function of the other.
    const raw = map("cam", label).values;
    const [low, high] = [Math.min(...raw), Math.max(...raw)];
    assertClose(range, raw.map((v) => (v - low) / (high - low)), 1e-6, "(f − min) / (max − min)");
    const order = (v: Float32Array) =>
      [...v.keys()].filter((z) => top[z] > 0).sort((a, b) => v[a] - v[b]);
    assert.deepEqual(order(top), order(range));
  }
  model.dispose();
});

gpuTest("subset adds classes up, counterfactual subtracts the likeliest other", async (gpu) => {
  const calm = buildModel(gpu, options("calm-em"), 2);
  const cam = buildModel(gpu, options("cam"), 2);
  for (const model of [calm, cam]) {
    const [, { map, probabilities }] = await explain(model, { images, size: SIZE });
    const plain = model === cam ? "cam" : "joint";
    const summed = model === cam ? "cam-minmax" : "joint";
    const all = [0, 1, 2, 3, 4, 5];
    const sum = (labels: readonly number[]) =>
      map(summed, 0).values.map((_, z) =>
        labels.reduce((total, y) => total + map(summed, y).values[z], 0)
      );
    const some = { superset: [1, 4] };
    assertClose(map("subset", 4, some).values, sum([1, 4]), 1e-6, "two classes");
    assertClose(map("subset", 4).values, sum([4]), 1e-6, "the class alone");
    if (model === calm) {
      const saliency = map("saliency", 0).values;
      assertClose(map("subset", 2, { superset: all }).values, saliency, 2e-6, "all classes");
    }
    const difference = (a: number, b: number) =>
      map(plain, a).values.map((value, z) => value - map(plain, b).values[z]);
    assert.deepEqual(map("counterfactual", 3, { against: 0 }).values, difference(3, 0));
    const order = all.toSorted((a, b) => probabilities[b] - probabilities[a]);
    assert.deepEqual(map("counterfactual", order[0]).values, difference(order[0], order[1]));
    assert.deepEqual(map("counterfactual", order[3]).values, difference(order[3], order[0]));
    model.dispose();
  }
});

Deno.test("the likeliest class and the runner-up, which one class does not have", () => {
  const p = Float32Array.of(0.2, 0.5, 0.1, 0.2);
  assert.equal(likeliest(p), 1);
  assert.deepEqual([0, 1, 2, 3].map((label) => runnerUp(p, label)), [1, 0, 1, 1]);
  assert.equal(likeliest(Float32Array.of(1)), 0);
  assert.equal(runnerUp(Float32Array.of(1), 0), null);
  assert.ok(!mapKinds({ method: "calm-em", classes: 1 }).includes("counterfactual"));
  assert.ok(mapKinds({ method: "cam", classes: 2 }).includes("counterfactual"));
});

Deno.test("an overlay shows a map's peak where it is, and the picture everywhere", () => {
  const data = new Uint8Array(16 * 16 * 3).fill(100);
  const picture = { width: 16, height: 16, data };
  const values = new Float32Array(16);
  values[4 * 2 + 1] = 0.5; // row 2, column 1 of 4 × 4
  const out = overlay(picture, { width: 4, height: 4, values }, 0.5).data;
  const brightness = (y: number, x: number) => {
    const i = 3 * (y * 16 + x);
    return out[i] + out[i + 1] + out[i + 2];
  };
  let best = [0, 0];
  for (let y = 0; y < 16; y++) {
    for (let x = 0; x < 16; x++) if (brightness(y, x) > brightness(best[0], best[1])) best = [y, x];
  }
  assert.ok(best[0] >= 8 && best[0] < 12 && best[1] >= 4 && best[1] < 8, `${best}`);
  assert.ok(brightness(0, 15) > 0);
});

Deno.test("the colour map goes from black to light, brighter all the way", () => {
  const luminance = ([r, g, b]: readonly number[]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
  for (let i = 1; i <= 50; i++) {
    assert.ok(luminance(inferno(i / 50)) > luminance(inferno((i - 1) / 50)));
  }
});

gpuTest("a contact sheet is a picture with every map and name on it", async (gpu) => {
  const model = buildModel(gpu, options("calm-em"), 2);
  const explanations = await explain(model, { images, size: SIZE });
  const classNames = ["a & b", "<c>", "d", "e", "f", "007.Marsh_Wren"];
  const kinds = ["joint", "conditional", "saliency"] as const;
  const rows = explanations.map((explanation, n) => {
    const label = n === 2 ? 5 : n;
    const maps = new Map(kinds.map((kind) => [kind, explanation.map(kind, label)]));
    return { picture: pictureOf(images, n, 16), label, explanation, maps };
  });
  const { svg, png } = await contactSheet(rows, {
    kinds,
    classNames,
    title: ["Title", "Subtitle"],
  });
  assert.equal(svg.match(/<image /g)!.length, 3 * 4);
  for (const text of ["a &amp; b", "&lt;c&gt;", "Marsh Wren"]) assert.ok(svg.includes(text), text);
  const { width, height } = await decodePicture(png, "sheet.png");
  assert.ok(width > 1000 && height > 400);
  model.dispose();
});
