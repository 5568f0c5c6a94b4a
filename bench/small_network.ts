import type { Gpu } from "../engine/gpu.ts";
import { Random } from "../engine/random.ts";
import { Tensor } from "../engine/tensor.ts";
import { buildModel } from "../model/build.ts";
import type { Method } from "../model/classifier.ts";
import { Metrics } from "../model/metrics.ts";
import { recipeFor } from "../model/recipe.ts";
import { buildOptimiser, trainingStep } from "../model/trainer.ts";
import type { Peer, SmallNetworkShape } from "./peers/peer.ts";

/** The default job's network, batch norm included, behind the interface of the peers. */
export function ourSmallNetwork(gpu: Gpu, shape: SmallNetworkShape, method: Method): Peer {
  const { batch, size, classes } = shape;
  const structure = { arch: "small-resnet", prior: "softplus", detachNormaliser: false } as const;
  const model = buildModel(gpu, { ...structure, method, classes }, 0);
  const optimiser = buildOptimiser(model, recipeFor("birds", {}, 0));
  const metrics = new Metrics(gpu);
  const random = Random.of(0);
  const images = Float32Array.from(
    { length: batch * size * size * 4 },
    (_, i) => i % 4 === 3 ? 0 : random.normal(),
  );
  const labels = Uint32Array.from({ length: batch }, (_, n) => n % classes);
  const loss = async () => {
    const { loss } = await metrics.read();
    metrics.reset();
    return loss / batch;
  };
  return {
    name: "CALM on WebGPU",
    step() {
      trainingStep(model, optimiser, { images, labels, size: batch, rate: 0.01, metrics });
      return loss();
    },
    forward() {
      gpu.withoutGradients(() =>
        gpu.scope(() => {
          const x = Tensor.fromPadded(gpu, images, [batch, size, size, 3]);
          const y = Tensor.from(gpu, labels, [batch], "u32");
          const outputs = model.forward(x);
          metrics.add(model.loss(outputs, y), model.probabilities(outputs), y);
        })
      );
      return loss();
    },
    close() {
      metrics.dispose();
      optimiser.dispose();
      model.dispose();
    },
  };
}

/** Operations of the convolutions in one forward pass and in one training step. */
export function smallNetworkFlops({ batch, size, classes }: SmallNetworkShape) {
  const [half, quarter] = [Math.ceil(size / 2), Math.ceil(size / 4)];
  const stem = half ** 2 * 27 * 16;
  const rest = half ** 2 * 2 * 9 * 16 * 16 +
    quarter ** 2 * (9 * 16 * 32 + 9 * 32 * 32 + 16 * 32) +
    quarter ** 2 * (9 * 32 * 64 + 9 * 64 * 64 + 32 * 64) +
    quarter ** 2 * 64 * (classes + 1);
  // Backwards every convolution has two products of the same size; the stem needs no input gradient.
  return { forward: 2 * batch * (stem + rest), step: 2 * batch * (2 * stem + 3 * rest) };
}
