import type { TrainingProgress } from "../../model/training/progress.ts";
import type { TrainingRecipe } from "../../model/training/recipe.ts";

/** Pictures per second and time left. */
export class Pace {
  #perEpoch: number;
  #total: number;
  #start: number;
  #done = 0;
  #began = performance.now();

  constructor(recipe: TrainingRecipe, perEpoch: number, { epoch, totals }: TrainingProgress) {
    this.#perEpoch = perEpoch;
    this.#total = recipe.epochs * perEpoch;
    this.#start = epoch * perEpoch + totals.images;
  }

  /** Since the start. */
  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  /** Pictures trained on per second since the start. */
  get imagesPerSecond(): number {
    return this.#done / this.seconds;
  }

  /** Where the work stands after so many pictures of an epoch (from 1). */
  at(epoch: number, images: number) {
    const reached = (epoch - 1) * this.#perEpoch + images;
    this.#done = reached - this.#start;
    const { imagesPerSecond } = this;
    const secondsLeft = (this.#total - reached) / imagesPerSecond;
    return { share: reached / this.#total, imagesPerSecond, secondsLeft };
  }
}
