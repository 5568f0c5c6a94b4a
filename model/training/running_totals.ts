import type { Gpu } from "../../engine/gpu.ts";
import { Kernel } from "../../engine/kernel.ts";
import { Tensor } from "../../engine/tensor.ts";
import source from "../../shaders/running_totals.wgsl" with { type: "text" };

const kernel = new Kernel("running_totals", source);

/** Sums over the steps of an epoch so far. */
export interface Totals {
  /** Σ of loss · batch size. */
  readonly loss: number;
  /** Predictions that were right. */
  readonly correct: number;
  /** Pictures. */
  readonly images: number;
  /** Parts of batches that were added. */
  readonly steps: number;
  /** Number (from 1) of the first step whose loss was NaN or infinite; 0 for none. */
  readonly badStep: number;
  /**
   * The first step with a p(y|x) that is no probability (NaN, outside [0, 1], or of another sum
   * than 1), in the same way. Older checkpoints lack it.
   */
  readonly badPrediction?: number;
  /**
   * Σ of −log p(ŷ|x), whatever the loss is: p below the smallest normal float32 counts as that. Older
   * checkpoints lack it.
   */
  readonly negativeLogLikelihood?: number;
}

/** Running sums of loss and hits that stay on the GPU until they are read. */
export class RunningTotals {
  #totals: Tensor;

  /** Zero at first. */
  constructor(gpu: Gpu) {
    this.#totals = Tensor.zeros(gpu, [2, 4]).keep();
  }

  /** Adds one batch: its mean loss `[1]`, probabilities `[n, classes]` and labels `[n]`. */
  add(loss: Tensor, probabilities: Tensor, labels: Tensor): void {
    loss.gpu.run(kernel, {
      buffers: [loss, probabilities, labels, this.#totals].map((t) => t.buffer),
      parameters: {
        batch: labels.size,
        channels: probabilities.channels,
        pitch: probabilities.pitch / 4,
      },
      workgroups: [1],
    });
  }

  /** Waits for the GPU and reads the sums. */
  async read(): Promise<Totals> {
    const [loss, correct, images, steps, badStep, badPrediction, negativeLogLikelihood] = await this
      .#totals.read();
    return { loss, correct, images, steps, badStep, badPrediction, negativeLogLikelihood };
  }

  /** Starts from zero, or from the sums of an interrupted epoch. */
  reset(totals: Totals = { loss: 0, correct: 0, images: 0, steps: 0, badStep: 0 }): void {
    const { loss, correct, images, steps, badStep } = totals;
    const { badPrediction = 0, negativeLogLikelihood = 0 } = totals;
    this.#totals.write(
      [loss, correct, images, steps, badStep, badPrediction, negativeLogLikelihood, 0],
    );
  }

  /** Gives back the memory. */
  dispose(): void {
    this.#totals.dispose();
  }
}
