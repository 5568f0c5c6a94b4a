import { Kernel, linear } from "../../engine/kernel.ts";
import type { Tensor } from "../../engine/tensor.ts";
import type { Classifier } from "../classifier.ts";
import type { Outputs } from "../heads/head.ts";
import type { StateEntry, Step } from "../module.ts";
import source from "../../shaders/moving_average.wgsl" with { type: "text" };
import { lossOf, type Objective, type Part } from "./objective.ts";
import { TRAINING_STATE } from "./sgd.ts";

const kernel = new Kernel("moving_average", source);

/** What Mean Teacher keeps. */
export const TEACHER_DECAY = 0.999;

/**
 * CALM_EM with the paper's θ' (eq. 5) other than θ: the pseudo-target q = p_θ'(z|x,ŷ) is that of a
 * teacher, whose parameters are a moving average of the trained ones,
 *
 *     θ' ← decay · θ' + (1 − decay) · θ   after each update,
 *
 * with decay = min(decay, 1 − 1 / (n + 1)) at update n, so that the first steps count less (Tarvainen
 * and Valpola, 2017). Batch norms of the teacher see the same batches as those of the model. With a
 * decay of 0 this is CALM_EM as it is.
 */
export class MovingAverageTeacher implements Objective {
  #teacher: Classifier;
  #decay: number;

  /**
   * The teacher begins as a copy of the model.
   *
   * @param teacher a model of the same options, which is taken over
   * @param model the one that is trained
   */
  constructor(teacher: Classifier, model: Classifier, decay: number) {
    this.#teacher = teacher;
    this.#decay = decay;
    teacher.setTraining(true);
    const own = [...teacher.state()];
    for (const [i, { tensor }] of [...model.state()].entries()) {
      tensor.gpu.copy(tensor.buffer, own[i].tensor.buffer, tensor.bytes);
    }
  }

  /** The model's loss against the teacher's pseudo-target. */
  of(
    model: Classifier,
    part: Part,
    step: Step,
  ): { readonly loss: Tensor; readonly outputs: Outputs } {
    const { x } = part;
    const outputs = model.forward(x);
    const { gpu } = x;
    const told = gpu.withoutGradients(() => {
      this.#teacher.beginStep(step);
      return this.#teacher.forward(x);
    });
    return { loss: lossOf(model, outputs, part, told), outputs };
  }

  /** Moves the average towards the new weights. */
  updated(model: Classifier, { done }: Step): void {
    const keep = Math.min(this.#decay, 1 - 1 / (done + 2));
    const own = this.#teacher.parameters();
    for (const [i, { tensor }] of model.parameters().entries()) {
      tensor.gpu.run(kernel, {
        buffers: [tensor.buffer, own[i].tensor.buffer],
        parameters: { vectors: tensor.vectors, keep },
        workgroups: linear(tensor.vectors),
      });
    }
  }

  /** The parameters θ': `optimizer.teacher.` and their names. */
  *state(): Generator<StateEntry> {
    for (const { name, tensor } of this.#teacher.parameters()) {
      yield { name: `${TRAINING_STATE}teacher.${name}`, tensor, trainable: false };
    }
  }

  /** Gives the teacher back. */
  dispose(): void {
    this.#teacher.dispose();
  }
}
