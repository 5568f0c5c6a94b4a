import type { Gpu } from "../../engine/gpu.ts";
import { buildModel } from "../../model/build.ts";
import type { Method } from "../../model/methods.ts";
import { RunningTotals } from "../../model/training/running_totals.ts";
import { buildOptimiser, trainingStep } from "../../model/training/trainer.ts";
import { withVariants } from "../variants.ts";

const SIDE = 16;
const SIZE = 2;

/**
 * Losses of the first two training steps of a small network, the second after an update: whatever
 * differs in a shader shows in it. Convolutions run with the variants for software adapters, then
 * with those for GPUs.
 */
export async function firstLosses(gpu: Gpu, method: Method): Promise<number[]> {
  const losses: number[] = [];
  for (const forGpus of [false, true]) {
    await withVariants(
      gpu,
      ({ family }) =>
        forGpus ? "tiles" : family.variants.find(({ name }) => name !== "tiles")!.name,
      async () => {
        losses.push(...await twoSteps(gpu, method));
      },
    );
  }
  return losses;
}

async function twoSteps(gpu: Gpu, method: Method): Promise<number[]> {
  const options = {
    arch: "small-resnet" as const,
    method,
    prior: method === "calm-ml" ? "relu" as const : "softplus" as const,
    detachNormaliser: method === "calm-ml",
    classes: 3,
  };
  const model = buildModel(gpu, options, 0);
  const optimiser = buildOptimiser(model, {
    epochs: 1,
    batchSize: SIZE,
    lr: 0.01,
    lrClassifierRatio: 10,
    lrDecayEvery: 10,
    weightDecay: 1e-4,
    momentum: 0.9,
    seed: 0,
    transform: { resize: SIDE, crop: SIDE, flip: false },
  });
  const images = Float32Array.from(
    { length: 4 * SIDE * SIDE * SIZE },
    (_, i) => i % 4 === 3 ? 0 : Math.sin(i * 0.7) + Math.cos(i * i * 0.013),
  );
  const labels = Uint32Array.of(0, 2);
  const losses: number[] = [];
  for (let step = 0; step < 2; step++) {
    const sums = new RunningTotals(gpu);
    trainingStep(model, optimiser, { images, labels, size: SIZE, rate: 0.01, sums });
    losses.push((await sums.read()).loss);
    sums.dispose();
  }
  optimiser.dispose();
  model.dispose();
  return losses;
}
