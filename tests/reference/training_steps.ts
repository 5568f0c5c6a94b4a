import { fileURLToPath } from "node:url";
import { backward } from "../../engine/autograd.ts";
import type { Gpu } from "../../engine/gpu.ts";
import { Tensor } from "../../engine/tensor.ts";
import { decodePicture } from "../../data/codecs.ts";
import { writeNormalised } from "../../data/transform.ts";
import { buildModel } from "../../model/build.ts";
import type { Classifier } from "../../model/classifier.ts";
import { recipeFor } from "../../model/training/recipe.ts";
import { buildOptimiser } from "../../model/training/trainer.ts";
import { fromFile, shapeInFile } from "../../weights/layout.ts";
import { hashedWeight } from "./hashed_weights.ts";

const SIZE = 224;
const CUT = 96;

/** What make_training_steps.py says of a case. */
export interface StepsCase {
  /** Added to the location logits. */
  readonly shift: number;
  readonly epsilon: number;
  /** Top and left of the cuts of the photograph. */
  readonly cuts: readonly (readonly [number, number])[];
  readonly labels: readonly number[];
}

/**
 * Training steps of ResNet50 with the official prior, groups and rates, on cuts of the photograph.
 *
 * @param onStep told the loss of each step, while the gradients are there and before the update
 */
export async function trainResNet50(
  gpu: Gpu,
  { shift, epsilon, cuts, labels }: StepsCase,
  steps: number,
  onStep: (step: number, loss: number, model: Classifier) => Promise<void>,
): Promise<void> {
  const images = await cutsOfPhotograph(cuts);
  const model = build(gpu, epsilon);
  await shiftLocations(model, shift);
  const recipe = recipeFor("cub", { batchSize: cuts.length }, { seed: 0 });
  const optimiser = buildOptimiser(model, recipe);
  for (let step = 0; step < steps; step++) {
    const loss = gpu.scope(() => {
      const x = Tensor.fromPadded(gpu, images, [cuts.length, CUT, CUT, 3]);
      const y = Tensor.from(gpu, labels, [labels.length], "u32");
      const loss = model.loss(model.forward(x), y);
      backward(loss);
      return loss;
    });
    const [value] = await loss.read();
    loss.dispose();
    await onStep(step, value, model);
    gpu.scope(() => optimiser.step(recipe.lr));
    gpu.submit();
  }
  optimiser.dispose();
  model.dispose();
}

function build(gpu: Gpu, epsilon: number): Classifier {
  const model = buildModel(gpu, {
    arch: "resnet50",
    method: "calm-em",
    prior: "relu",
    detachNormaliser: true,
    posteriorEpsilon: epsilon,
    classes: 20,
  }, 0);
  for (const { name, tensor } of model.state()) {
    tensor.write(fromFile(hashedWeight(name, shapeInFile(tensor.shape))).data);
  }
  return model;
}

async function shiftLocations(model: Classifier, shift: number): Promise<void> {
  const bias = model.parameters().find(({ name }) => name === "attention.0.bias")!.tensor;
  bias.write([(await bias.read())[0] + shift]);
}

async function cutsOfPhotograph(cuts: StepsCase["cuts"]): Promise<Float32Array<ArrayBuffer>> {
  const path = fileURLToPath(new URL("../goldens/photograph.jpg", import.meta.url));
  const photograph = new Float32Array(4 * SIZE * SIZE);
  writeNormalised(await decodePicture(await Deno.readFile(path), path), SIZE, photograph, 0);
  const out = new Float32Array(4 * CUT * CUT * cuts.length);
  for (const [n, [top, left]] of cuts.entries()) {
    for (let y = 0; y < CUT; y++) {
      const from = 4 * ((top + y) * SIZE + left);
      out.set(photograph.subarray(from, from + 4 * CUT), 4 * CUT * (n * CUT + y));
    }
  }
  return out;
}
