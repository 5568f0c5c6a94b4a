import type { Gpu } from "../engine/gpu.ts";
import { meanSpatial } from "../engine/ops/reduce.ts";
import { Random } from "../engine/random.ts";
import { Tensor } from "../engine/tensor.ts";
import { watchWork, type Work } from "../engine/tuning.ts";
import { Classifier, uploadPictures } from "../model/classifier.ts";
import type { Method } from "../model/methods.ts";
import { RunningTotals } from "../model/training/running_totals.ts";
import { recipeFor } from "../model/training/recipe.ts";
import { ResNet } from "../model/backbones/resnet.ts";
import { SmallResNet } from "../model/backbones/small_resnet.ts";
import { buildOptimiser, trainingStep } from "../model/training/trainer.ts";
import { toFile } from "../weights/layout.ts";
import type { Contestant, NamedTensor, NetworkShape, SharedData } from "./contestant.ts";

/** Networks that can be timed. */
export const NETWORKS = ["small-network", "resnet50"] as const;

/** Which network, with which last layers. */
export interface NetworkOptions extends NetworkShape {
  readonly network: typeof NETWORKS[number];
  readonly method: Method;
  /** Input pixels per cell of ResNet50's feature map. */
  readonly stride: 32 | 16 | 8;
}

/** One of our networks with initial weights from seed 0, random pictures and labels. */
export class OurNetwork implements Contestant {
  readonly name = "CALM on WebGPU";
  readonly phases: Contestant["phases"];
  /** Milliseconds that the processor took to record the latest training step. */
  recording = NaN;
  #gpu: Gpu;
  #model: Classifier;
  #optimiser: ReturnType<typeof buildOptimiser>;
  #sums: RunningTotals;
  #shape: NetworkShape;
  #padded: Float32Array<ArrayBuffer>;
  #labels: Uint32Array<ArrayBuffer>;

  constructor(gpu: Gpu, { network, method, stride, ...shape }: NetworkOptions) {
    const { batch, size, classes } = shape;
    const builder = { gpu, random: Random.of(0) };
    const backbone = network === "resnet50"
      ? new ResNet(builder, 50, { stride })
      : new SmallResNet(builder);
    const head = { classes, method, prior: "softplus", detachNormaliser: false } as const;
    this.#gpu = gpu;
    this.#shape = shape;
    this.#model = new Classifier(builder, backbone, head);
    this.#optimiser = buildOptimiser(this.#model, recipeFor("birds", {}, { seed: 0 }));
    this.#sums = new RunningTotals(gpu);
    const random = Random.of(1);
    this.#padded = Float32Array.from(
      { length: batch * size * size * 4 },
      (_, i) => i % 4 === 3 ? 0 : random.normal(),
    );
    this.#labels = Uint32Array.from({ length: batch }, (_, n) => n % classes);
    this.phases = {
      "inference": () => this.logits(),
      "forward pass": () => this.#read(() => this.#forward()),
      "training step": () => this.#read(() => this.step()),
    };
  }

  /** Records one training step. */
  step(): void {
    this.#model.setTraining(true);
    const start = performance.now();
    trainingStep(this.#model, this.#optimiser, {
      images: this.#padded,
      labels: this.#labels,
      size: this.#shape.batch,
      rate: 0.001,
      sums: this.#sums,
    });
    this.recording = performance.now() - start;
  }

  /** Mean logits over space, `[batch · classes]`; CAM's prediction before the softmax. */
  async logits(): Promise<Float32Array> {
    const gpu = this.#gpu;
    this.#model.setTraining(false);
    const pooled = gpu.withoutGradients(() =>
      gpu.scope(() => meanSpatial(this.#model.forward(this.#pictures()).f))
    );
    const values = await pooled.read();
    pooled.dispose();
    return values;
  }

  /** Weights, pictures and labels for a peer. */
  async share(): Promise<SharedData> {
    const weights: NamedTensor[] = [];
    for (const { name, tensor } of this.#model.state()) {
      weights.push({ name, ...await toFile(tensor) });
    }
    const images = this.#padded.filter((_, i) => i % 4 !== 3);
    return { weights, images, labels: this.#labels };
  }

  /** The work with variants that a phase consists of, with counts. */
  async works(phase: string): Promise<{ work: Work; count: number }[]> {
    const works = new Map<string, { work: Work; count: number }>();
    watchWork(this.#gpu, (work) => {
      const key = `${work.family.name} ${work.family.describe(work.problem)}`;
      const known = works.get(key);
      if (known) known.count++;
      else works.set(key, { work, count: 1 });
    });
    try {
      await this.phases[phase]();
    } finally {
      watchWork(this.#gpu, null);
    }
    return [...works.values()];
  }

  close(): void {
    this.#sums.dispose();
    this.#optimiser.dispose();
    this.#model.dispose();
  }

  #pictures(): Tensor {
    return uploadPictures(this.#gpu, { images: this.#padded, size: this.#shape.batch });
  }

  #forward(): void {
    const gpu = this.#gpu;
    this.#model.setTraining(true);
    gpu.withoutGradients(() =>
      gpu.scope(() => {
        const y = Tensor.from(gpu, this.#labels, [this.#shape.batch], "u32");
        const outputs = this.#model.forward(this.#pictures());
        this.#sums.add(this.#model.loss(outputs, y), this.#model.probabilities(outputs), y);
      })
    );
  }

  async #read(work: () => void): Promise<ArrayLike<number>> {
    work();
    const { loss } = await this.#sums.read();
    this.#sums.reset();
    return [loss / this.#shape.batch];
  }
}
