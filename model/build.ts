import type { Gpu } from "../engine/gpu.ts";
import { Random } from "../engine/random.ts";
import type { Prior } from "./calm/location.ts";
import { Classifier, type Method } from "./classifier.ts";
import { SmallResNet } from "./small_resnet.ts";

/** Everything that decides a model's structure; stored in every checkpoint. */
export interface ModelOptions {
  readonly arch: "small-resnet";
  readonly method: Method;
  readonly prior: Prior;
  /** Keep the location normaliser out of the gradient, as the official code does. */
  readonly detachNormaliser: boolean;
  readonly classes: number;
}

/** Builds a model with initial weights drawn from a seed. */
export function buildModel(gpu: Gpu, options: ModelOptions, seed: number): Classifier {
  const builder = { gpu, random: Random.of(seed, 0x1417) };
  return new Classifier(builder, new SmallResNet(builder), options);
}
