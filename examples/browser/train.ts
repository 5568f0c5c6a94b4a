/// <reference lib="dom" />
import { Gpu, Random } from "@calm/webgpu/engine";
import {
  buildModel,
  buildOptimiser,
  recipeFor,
  RunningTotals,
  trainingStep,
} from "@calm/webgpu/model";

const SIDE = 32;
const SIZE = 12;
const STEPS = 40;

/** Noise in which one of the three colours prevails: the class. Channels are padded to four. */
function noise(random: Random) {
  const labels = Uint32Array.from({ length: SIZE }, (_, n) => n % 3);
  const images = Float32Array.from({ length: SIZE * SIDE * SIDE * 4 }, (_, i) => {
    const [n, channel] = [Math.floor(i / (4 * SIDE * SIDE)), i % 4];
    return channel === 3 ? 0 : random.normal() + (channel === labels[n] ? 0.5 : 0);
  });
  return { images, labels, size: SIZE };
}

const status = document.getElementById("status")!;
const log = document.getElementById("log")!;
try {
  const gpu = await Gpu.request();
  const model = buildModel(gpu, {
    arch: "small-resnet",
    method: "calm-em",
    prior: "relu",
    detachNormaliser: true,
    classes: 3,
  }, 0);
  const recipe = recipeFor("birds", {}, { seed: 0 });
  const optimiser = buildOptimiser(model, recipe);
  const sums = new RunningTotals(gpu);
  const random = Random.of(1);
  for (let step = 1; step <= STEPS; step++) {
    trainingStep(model, optimiser, { ...noise(random), rate: recipe.lr, sums });
    if (step % 10 > 0) continue;
    // Reading waits for the GPU, so it is done rarely.
    const { negativeLogLikelihood, correct, images } = await sums.read();
    sums.reset();
    status.textContent = `${step} of ${STEPS} steps`;
    log.textContent +=
      `steps ${step - 9} to ${step}: −log p(ŷ|x) ${
        (negativeLogLikelihood! / images).toFixed(3)
      }, ` +
      `accuracy ${(100 * correct / images).toFixed(0)} %\n`;
  }
  status.textContent = "Trained.";
  gpu.destroy();
} catch (error) {
  status.textContent = error instanceof Error ? error.message : String(error);
}
