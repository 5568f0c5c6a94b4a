import assert from "node:assert/strict";
import { backward } from "../../../engine/autograd.ts";
import { Random } from "../../../engine/random.ts";
import { Tensor } from "../../../engine/tensor.ts";
import { buildModel } from "../../../model/build.ts";
import type { Prior } from "../../../model/calm/location.ts";
import { Classifier } from "../../../model/classifier.ts";
import type { Method } from "../../../model/methods.ts";
import type { Module } from "../../../model/module.ts";
import { RunningTotals } from "../../../model/training/running_totals.ts";
import { buildOptimiser, trainingStep } from "../../../model/training/trainer.ts";
import { recipeFor } from "../../../model/training/recipe.ts";
import { fromFile, shapeInFile, toFile } from "../../../weights/layout.ts";
import { gpuTest } from "../../gpu.ts";
import { assertRelative } from "../../reference/check.ts";
import { readGolden } from "../../reference/golden.ts";
import { hashedWeight } from "../../reference/hashed_weights.ts";
import { cut, PHOTOGRAPH_SIDE, readPhotograph } from "../../reference/photograph.ts";
import { type Architecture, backboneKind } from "../../../model/backbones/list.ts";

const paperBackbones = await readGolden("backbones");
const SIZE = PHOTOGRAPH_SIDE;
const photograph = await readPhotograph();

/** What make_backbones.py says of a case. */
interface Case {
  readonly arch: Architecture;
  readonly large: boolean;
  /** First, middle and last tensor whose gradients are compared. */
  readonly layers: readonly string[];
  /** Added to the location logits of the photograph. */
  readonly attention_shift: number;
  /** Whether batch norms used the batch's statistics for the gradients. */
  readonly training: boolean;
  /** Top and left of two 64×64 cuts of the photograph. */
  readonly cuts: readonly (readonly [number, number])[];
  /** What weights that are divided by four end with; empty or left out: none. */
  readonly quarter?: string;
}

const cases = [paperBackbones, await readGolden("resnets")].flatMap((golden) =>
  Object.entries(golden.cases).map(([prefix, value]) => ({ golden, prefix, value }))
);
for (const { golden, prefix, value } of cases) {
  if (prefix === "step") continue;
  const { arch, large, layers, attention_shift: shift, training, cuts, quarter } =
    value as unknown as Case;
  const options = {
    arch,
    largeFeatureMap: large,
    skipMixed6e: arch === "inception_v3_bn",
    detachNormaliser: false,
    classes: 20,
  } as const;

  gpuTest(`PyTorch: predictions, maps and gradients, ${prefix}`, async (gpu) => {
    // One backbone under all last layers: its millions of weights take longer than its forward pass.
    const builder = { gpu, random: Random.of(0) };
    const backbone = backboneKind(arch).build(builder, options, "pooled");
    fill(backbone, quarter);
    const modelOf = (method: Method, prior: Prior) => {
      const model = new Classifier(builder, backbone, { ...options, method, prior });
      fill(model, quarter, (name) => /^(conv_last|attention)/.test(name));
      return model;
    };
    const cam = modelOf("cam", "softplus");
    const softplus = modelOf("calm-em", "softplus");
    const relu = modelOf("calm-ml", "relu");
    const shifted = async (by: number) => {
      for (const model of [softplus, relu]) {
        const bias = model.parameters().find(({ name }) => name === "attention.0.bias")!.tensor;
        bias.write([(await bias.read())[0] + by]);
      }
    };

    await shifted(shift);
    const u = cam.inference(() =>
      cam.features(Tensor.fromPadded(gpu, photograph, [1, SIZE, SIZE, 3]))
    );
    for (const [model, head] of [[cam, "cam"], [softplus, "softplus"], [relu, "relu"]] as const) {
      const { f, probabilities, joint } = model.inference(() => {
        const outputs = model.head(u);
        return {
          f: outputs.f,
          probabilities: model.probabilities(outputs),
          joint: head === "cam" ? null : model.joint(outputs),
        };
      });
      const [, height, width, classes] = f.shape;
      const extent = large ? 28 : 14;
      assert.deepEqual([height, width], [extent, extent]);
      const logits = await f.read();
      const close = (actual: ArrayLike<number>, name: string) =>
        assertRelative(actual, golden.tensor(`${prefix}/${name}`).data, 1e-3, `${head} ${name}`);
      if (head === "cam") close(average(logits, classes), "logits");
      const p = await probabilities.read();
      close(p, `${head}/probabilities`);
      if (joint) {
        const label = p.indexOf(Math.max(...p));
        const map = await joint.read();
        close(channel(map, classes, label), `${head}/joint`);
        close(average(map, classes, true), `${head}/saliency`);
        close(channel(softmax(logits, classes), classes, label), `${head}/conditional`);
      }
      for (const tensor of [f, probabilities, joint]) tensor?.dispose();
    }
    u.dispose();
    await shifted(-shift);

    const images = cut(photograph, 64, cuts);
    const marginal = modelOf("calm-ml", "softplus");
    for (const model of [cam, marginal, softplus]) {
      const { method } = model;
      model.setTraining(training);
      const loss = gpu.scope(() => {
        const x = Tensor.fromPadded(gpu, images, [2, 64, 64, 3]);
        const labels = Tensor.from(gpu, [3, 11], [2], "u32");
        const loss = model.loss(model.forward(x), labels);
        backward(loss);
        return loss;
      });
      const expected = (name: string) => golden.tensor(`${prefix}/${method}/${name}`).data;
      assertRelative(await loss.read(), expected("loss"), 1e-5, `${method} loss`);
      for (const { name, tensor } of model.parameters()) {
        if (layers.includes(name)) {
          const { data } = await toFile(tensor.gradient!);
          const slice = golden.slice(`${prefix}/${method}/${name}.gradient`);
          assertRelative(data.subarray(0, slice.length), slice, 1e-2, `${method} ${name}`);
        }
        tensor.gradient?.dispose();
        tensor.gradient = null;
      }
      loss.dispose();
    }
    for (const model of [cam, softplus, relu, marginal]) model.dispose();
  });
}

gpuTest("PyTorch: a training step of ResNet50, 224×224, 28×28 maps, batch 2", async (gpu) => {
  const recipe = recipeFor("cub", { batchSize: 2 }, { seed: 0 });
  const golden = paperBackbones;
  const model = buildModel(gpu, {
    arch: "resnet50",
    largeFeatureMap: true,
    method: "calm-em",
    prior: "softplus",
    detachNormaliser: false,
    classes: 20,
  }, 0);
  fill(model);
  const optimiser = buildOptimiser(model, recipe);
  const sums = new RunningTotals(gpu);
  trainingStep(model, optimiser, {
    images: Float32Array.from([...photograph, ...mirrored(photograph)]),
    labels: Uint32Array.of(3, 11),
    size: 2,
    rate: recipe.lr,
    sums,
  });
  const { loss, images } = await sums.read();
  assertRelative([loss / images], golden.tensor("step/loss").data, 1e-5, "loss");
  for (const { name, tensor, trainable } of model.state()) {
    const { data } = await toFile(tensor);
    const expected = golden.slice(`step/${name}`);
    assertRelative(data.subarray(0, expected.length), expected, 1e-3, name);
    if (!trainable) continue;
    const before = hashedWeight(name, shapeInFile(tensor.shape)).data;
    const change = golden.slice(`step/${name}.change`);
    // Float32 weights cannot hold a change more finely than their own last bits, and PyTorch's own
    // float32 differs from its float64 by `float32_error`: see make_backbones.py.
    const rounding = 2 ** -23 * Math.max(...expected.map(Math.abs)) /
      Math.max(...change.map(Math.abs));
    const moved = change.map((_, i) => data[i] - before[i]);
    assertRelative(
      moved,
      change,
      2 * Number(golden.cases.step.float32_error) + rounding,
      `change of ${name}`,
    );
  }
  sums.dispose();
  optimiser.dispose();
  model.dispose();
});

/**
 * Gives tensors of a network the weights that their names stand for.
 *
 * @param quarter what the names of weights end with that are divided by four
 */
function fill(
  module: Module,
  quarter = "",
  wanted: (name: string) => boolean = () => true,
): void {
  for (const { name, tensor } of module.state()) {
    if (!wanted(name)) continue;
    const { data } = fromFile(hashedWeight(name, shapeInFile(tensor.shape)));
    const isDivided = quarter !== "" && name.endsWith(quarter);
    tensor.write(isDivided ? data.map((value) => value / 4) : data);
  }
}

function mirrored(picture: Float32Array): Float32Array {
  return picture.map((_, i) => {
    const [c, x, row] = [i % 4, (i >> 2) % SIZE, Math.floor(i / (4 * SIZE))];
    return picture[4 * (row * SIZE + SIZE - 1 - x) + c];
  });
}

/** Mean (or sum) over locations of `[1, h, w, c]`; of a joint map summed over classes instead. */
function average(map: Float32Array, classes: number, overClasses = false): Float64Array {
  const locations = map.length / classes;
  const out = new Float64Array(overClasses ? locations : classes);
  map.forEach((value, i) => {
    if (overClasses) out[Math.floor(i / classes)] += value;
    else out[i % classes] += value / locations;
  });
  return out;
}

function channel(map: ArrayLike<number>, classes: number, c: number): Float64Array {
  return Float64Array.from({ length: map.length / classes }, (_, z) => map[z * classes + c]);
}

function softmax(logits: Float32Array, classes: number): Float64Array {
  const out = Float64Array.from(logits, Math.exp);
  for (let z = 0; z < out.length; z += classes) {
    const row = out.subarray(z, z + classes);
    const total = row.reduce((a, b) => a + b, 0);
    row.forEach((value, c) => row[c] = value / total);
  }
  return out;
}
