import assert from "node:assert/strict";
import { Random } from "../../../engine/random.ts";
import { Tensor } from "../../../engine/tensor.ts";
import type { Annotations } from "../../../eval/measures/annotations.ts";
import { cellEffects } from "../../../eval/measures/axioms/cell_effects.ts";
import { Axioms } from "../../../eval/measures/axioms/axioms.ts";
import { explain } from "../../../eval/maps/explain.ts";
import type { AttributionKind } from "../../../eval/maps/kinds.ts";
import { viewOf } from "../../../eval/measures/evaluation.ts";
import { cascade, ParameterRandomisation } from "../../../eval/measures/parameter_randomisation.ts";
import { buildModel, type ModelOptions } from "../../../model/build.ts";
import { type Classifier, uploadPictures } from "../../../model/classifier.ts";
import { readParameters, withParameters } from "../../../model/parameters.ts";
import { gpuTest } from "../../gpu.ts";
import { assertClose } from "../../reference/check.ts";

const OPTIONS: ModelOptions = {
  arch: "small-resnet",
  method: "calm-em",
  prior: "softplus",
  detachNormaliser: false,
  classes: 4,
};
const random = Random.of(41);
const images = Float32Array.from(
  { length: 3 * 16 * 16 * 4 },
  (_, i) => i % 4 === 3 ? 0 : random.normal(),
);
const labels = Uint32Array.of(3, 0, 2);
const batch = { images, labels, size: 3, indices: Uint32Array.of(0, 1, 2), number: 0 };

function viewOn(model: Classifier, options: ModelOptions) {
  const ids = ["a", "b", "c"];
  return viewOf({ model, options, batch, ids, annotations: {} as Annotations, mapOptions: {} });
}

for (const method of ["cam", "calm-em"] as const) {
  gpuTest(
    `${method}: a cell's effect is what replacing it in the feature map does`,
    async (gpu) => {
      const model = buildModel(gpu, { ...OPTIONS, method }, 3);
      const effects = await cellEffects(model, batch, labels);
      const explanations = await explain(model, batch);
      const u = model.inference(() => model.backbone.forward(uploadPictures(gpu, batch)));
      const [, height, width, channels] = u.shape;
      const cells = height * width;
      const features = await u.read();
      u.dispose();
      for (const [n, { probability, effects: own }] of effects.entries()) {
        assertClose([probability], [explanations[n].probabilities[labels[n]]], 1e-6, "p(y|x)");
        const map = features.subarray(n * cells * channels, (n + 1) * cells * channels);
        const mean = Float32Array.from(
          { length: channels },
          (_, k) =>
            map.reduce((sum, value, i) => i % channels === k ? sum + value : sum, 0) / cells,
        );
        for (const z of [0, 5, cells - 1]) {
          const replaced = map.slice();
          replaced.set(mean, z * channels);
          const p = model.inference(() =>
            model.probabilities(
              model.head(Tensor.from(gpu, replaced, [1, height, width, channels])),
            )
          );
          const without = (await p.read())[labels[n]];
          p.dispose();
          assertClose([own[z]], [probability - without], 2e-6, `picture ${n}, cell ${z}`);
        }
      }
      model.dispose();
    },
  );
}

gpuTest(
  "the only cell with a location probability: without it the prior is uniform",
  async (gpu) => {
    const options: ModelOptions = { ...OPTIONS, prior: "relu", detachNormaliser: true };
    const model = buildModel(gpu, options, 3);
    const u = model.inference(() => model.backbone.forward(uploadPictures(gpu, batch)));
    const [, height, width, channels] = u.shape;
    const cells = height * width;
    const features = await u.read();
    u.dispose();
    // The prior branch looks at one channel, so low that one cell of picture 0 is above zero.
    const channel = [...Array(channels).keys()].find((k) => {
      const own = Array.from({ length: cells }, (_, z) => features[z * channels + k]);
      return new Set(own).size > 1 &&
        own.filter((value) => value === Math.max(...own)).length === 1;
    })!;
    const own = Array.from({ length: cells }, (_, z) => features[z * channels + channel]);
    const [first, second] = own.toSorted((a, b) => b - a);
    const parameter = (name: string) =>
      model.parameters().find((each) => each.name === name)!.tensor;
    const weight = parameter("attention.0.weight");
    weight.write(Array.from({ length: weight.size }, (_, k) => k === channel ? 1 : 0));
    parameter("attention.0.bias").write([-(first + second) / 2]);

    const [effects] = await cellEffects(model, batch, labels);
    const map = features.subarray(0, cells * channels);
    const mean = Float32Array.from(
      { length: channels },
      (_, k) =>
        Array.from({ length: cells }, (_, z) => map[z * channels + k] / cells)
          .reduce((a, b) => a + b),
    );
    for (const z of [own.indexOf(first), 0]) {
      const replaced = map.slice();
      replaced.set(mean, z * channels);
      const p = model.inference(() =>
        model.probabilities(model.head(Tensor.from(gpu, replaced, [1, height, width, channels])))
      );
      const without = (await p.read())[labels[0]];
      p.dispose();
      assertClose([effects.effects[z]], [effects.probability - without], 2e-6, `cell ${z}`);
    }
    model.dispose();
  },
);

gpuTest("axioms: CALM keeps them, CAM's scaled maps do not", async (gpu) => {
  const scores = async (method: "cam" | "calm-em", kind: AttributionKind) => {
    const options = { ...OPTIONS, method };
    const model = buildModel(gpu, options, 3);
    const evaluation = new Axioms({ kind, every: 1 });
    await evaluation.add(viewOn(model, options));
    const bias = model.parameters().find(({ name }) => name === "conv_last.bias")!;
    assert.ok((await bias.tensor.read()).every((value) => value === 0), "the bias is as before");
    model.dispose();
    return evaluation.result();
  };
  const joint = await scores("calm-em", "joint");
  assert.equal(joint.images, 3);
  assert.ok(joint.completeness < 1e-6, `${joint.completeness}`);
  assert.ok(joint.shift < 1e-5, `${joint.shift}`);
  assert.equal(joint.missed, 0);
  const conditional = await scores("calm-em", "conditional");
  assert.ok(conditional.completeness > 0.5, `${conditional.completeness}`);
  const cam = await scores("cam", "cam-max");
  assert.ok(cam.shiftOfProbability < 1e-6, "the same function");
  assert.ok(cam.shift > 0.01, `${cam.shift}`);
  assert.ok(cam.missed > 1, `${cam.missed} % of the cells have negative logits`);
  assert.ok(cam.completeness > 0.5);
  const ranged = await scores("cam", "cam-minmax");
  assert.ok(ranged.shift < 1e-5, "min and max move with the logits");
  const gradient = await scores("calm-em", "gradient");
  assert.ok(Math.abs(gradient.correlation) <= 1 && gradient.shift < 1e-3);
});

gpuTest(
  "sensitivity, both ways: cells that matter and get nothing, and the converse",
  async (gpu) => {
    const model = buildModel(gpu, { ...OPTIONS, method: "calm-em", prior: "relu" }, 3);
    const conv = model.parameters().find(({ name }) => name === "attention.0.weight")!.tensor;
    // Location logits of either sign, and class logits so alike that few cells matter.
    conv.write((await conv.read()).map((value) => 4 * value));
    const classes = model.parameters().find(({ name }) => name === "conv_last.weight")!.tensor;
    classes.write((await classes.read()).map((value) => value * 3e-3));
    const evaluation = new Axioms({ kind: "joint", every: 1 });
    await evaluation.add(viewOn(model, OPTIONS));
    const effects = await cellEffects(model, batch, labels);
    const explanations = await explain(model, batch);
    const rows = explanations.map(({ map }, n) => {
      const values = [...map("joint", labels[n]).values];
      const matters = values.map((_, z) => Math.abs(effects[n].effects[z]) > 1e-5);
      const count = (wanted: (z: number) => boolean) => values.filter((_, z) => wanted(z)).length;
      const sum = (wanted: (z: number) => boolean) =>
        values.reduce((total, value, z) => wanted(z) ? total + value : total, 0);
      return [
        100 * count((z) => matters[z] && values[z] === 0) / count((z) => matters[z]),
        100 * count((z) => !matters[z] && values[z] > 0) / count((z) => !matters[z]),
        100 * sum((z) => !matters[z]) / sum(() => true),
      ];
    });
    const sound = (column: number) =>
      rows.map((row) => row[column]).filter((value) => !Number.isNaN(value));
    const mean = (column: number) =>
      sound(column).reduce((a, b) => a + b, 0) / sound(column).length;
    const { missed, idle, idleShare, undefinedIn } = evaluation.result();
    assertClose([missed, idle, idleShare], [mean(0), mean(1), mean(2)], 1e-4, "percentages");
    assert.ok(idle > 1 && idleShare > 1, `${[idle, idleShare]}`);
    const lost = { missed: 3 - sound(0).length, idle: 3 - sound(1).length };
    assert.deepEqual([undefinedIn.missed ?? 0, undefinedIn.idle ?? 0], [lost.missed, lost.idle]);
    model.dispose();
  },
);

gpuTest("what is not defined is counted, not averaged away", async (gpu) => {
  const model = buildModel(gpu, OPTIONS, 3);
  const classes = model.parameters().find(({ name }) => name === "conv_last.weight")!.tensor;
  classes.write(new Float32Array(classes.size));
  const evaluation = new Axioms({ kind: "joint", every: 1 });
  await evaluation.add(viewOn(model, OPTIONS));
  const { missed, idle, undefinedIn } = evaluation.result();
  // All classes are equally likely whatever the cells: none matters.
  assert.deepEqual([missed, idle, undefinedIn.missed], [NaN, 100, 3]);
  model.dispose();
});

gpuTest("randomisation goes down from the last layers and leaves the model alone", async (gpu) => {
  const model = buildModel(gpu, OPTIONS, 3);
  const before = await readParameters(model);
  const layers = cascade(model).map(({ name }) => name);
  assert.deepEqual(layers, ["last layers", "layer3", "layer2", "layer1", "bn1", "conv1"]);
  assert.deepEqual(
    cascade(model).flatMap(({ parameters }) => parameters).sort(),
    [...before.keys()].sort(),
  );
  const evaluation = new ParameterRandomisation({ kind: "joint", every: 1 });
  await evaluation.add(viewOn(model, OPTIONS));
  const { correlation, images: count } = evaluation.result();
  assert.equal(count, 3);
  assert.equal(correlation.length, layers.length);
  assert.ok(correlation.every((value) => value > -1 && value < 0.95), `${correlation}`);
  assert.deepEqual(await readParameters(model), before);
  // With the model's own weights the map is the same.
  const values = await withParameters(
    model,
    { values: before, old: before },
    async () => (await explain(model, batch))[0].map("joint", 1).values,
  );
  assert.deepEqual(values, (await explain(model, batch))[0].map("joint", 1).values);
  model.dispose();
});
