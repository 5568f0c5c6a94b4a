import { UserError } from "../engine/errors.ts";
import type { Gpu } from "../engine/gpu.ts";
import { Random } from "../engine/random.ts";
import type { BackboneOptions } from "./backbones/backbone.ts";
import { type Architecture, backboneKind } from "./backbones/list.ts";
import type { Prior } from "./calm/location.ts";
import { Classifier, type Method } from "./classifier.ts";

/** Everything that decides a model's structure; stored in every checkpoint. */
export interface ModelOptions extends BackboneOptions {
  /** The backbone. */
  readonly arch: Architecture;
  /** Which last layers and loss. */
  readonly method: Method;
  /** How location logits become non-negative; nothing to CAM. */
  readonly prior: Prior;
  /** Keep the location normaliser out of the gradient, as the official code does. */
  readonly detachNormaliser: boolean;
  /** EM only: what is added to the denominator of the posterior; default 0 (`ExpectationOptions`). */
  readonly posteriorEpsilon?: number;
  /** Number of classes. */
  readonly classes: number;
}

/**
 * Builds a model with initial weights drawn from a seed: Xavier-uniform convolutions, He-normal
 * ones for VGG, as in the official code.
 *
 * @throws {UserError} for options that the architecture does not have
 */
export function buildModel(gpu: Gpu, options: ModelOptions, seed: number): Classifier {
  const { arch, largeFeatureMap, skipMixed6e } = options;
  const kind = backboneKind(arch);
  if (largeFeatureMap && !kind.hasLargeMap) {
    throw new UserError(`${arch} has no large feature map, the paper's backbones have`, {
      settings: ["large-feature-map"],
    });
  }
  if (skipMixed6e && !kind.hasMixed6e) {
    throw new UserError(`Mixed_6e is Inception's: ${arch} cannot leave it out`);
  }
  const { initialisation } = kind;
  const builder = { gpu, random: Random.of(seed, 0x1417), initialisation };
  return new Classifier(builder, kind.build(builder, options), options);
}
