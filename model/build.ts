import { UserError } from "../engine/errors.ts";
import type { Gpu } from "../engine/gpu.ts";
import { Random } from "../engine/random.ts";
import type { Backbone, BackboneOptions } from "./backbones/backbone.ts";
import { InceptionV3 } from "./backbones/inception_v3.ts";
import { ResNet50 } from "./backbones/resnet50.ts";
import { SmallResNet } from "./backbones/small_resnet.ts";
import { Vgg16 } from "./backbones/vgg16.ts";
import type { Prior } from "./calm/location.ts";
import { Classifier, type Method } from "./classifier.ts";
import type { Builder } from "./module.ts";

/** The backbones that can be trained. `_bn`: with the official code's `--use_bn`. */
export const ARCHITECTURES = [
  "small-resnet",
  "resnet50",
  "vgg16",
  "vgg16_bn",
  "inception_v3",
  "inception_v3_bn",
] as const;

/** Name of a backbone. */
export type Architecture = typeof ARCHITECTURES[number];

/** Everything that decides a model's structure; stored in every checkpoint. */
export interface ModelOptions extends BackboneOptions {
  readonly arch: Architecture;
  readonly method: Method;
  readonly prior: Prior;
  /** Keep the location normaliser out of the gradient, as the official code does. */
  readonly detachNormaliser: boolean;
  /** EM only: what is added to the denominator of the posterior; default 0 (`ExpectationOptions`). */
  readonly posteriorEpsilon?: number;
  /** Inception only: leave `Mixed_6e` out of the forward pass, as the official code does by a slip. */
  readonly skipMixed6e?: boolean;
  readonly classes: number;
}

const BACKBONES: Record<Architecture, (builder: Builder, options: ModelOptions) => Backbone> = {
  "small-resnet": (builder) => new SmallResNet(builder),
  "resnet50": (builder, { largeFeatureMap }) =>
    new ResNet50(builder, { stride: largeFeatureMap ? 8 : 16 }),
  "vgg16": (builder, options) => new Vgg16(builder, options),
  "vgg16_bn": (builder, options) => new Vgg16(builder, { ...options, batchNorm: true }),
  "inception_v3": (builder, options) => new InceptionV3(builder, options),
  "inception_v3_bn": (builder, options) =>
    new InceptionV3(builder, { ...options, batchNorm: true }),
};

/**
 * Builds a model with initial weights drawn from a seed: Xavier-uniform convolutions, He-normal
 * ones for VGG, as in the official code.
 *
 * @throws {UserError} for options that the architecture does not have
 */
export function buildModel(gpu: Gpu, options: ModelOptions, seed: number): Classifier {
  const { arch, largeFeatureMap, skipMixed6e } = options;
  if (largeFeatureMap && arch === "small-resnet") {
    throw new UserError("--large-feature-map is for the paper's backbones, not small-resnet");
  }
  if (skipMixed6e && !arch.startsWith("inception")) {
    throw new UserError(`Mixed_6e is Inception's: ${arch} cannot leave it out`);
  }
  const initialisation = arch.startsWith("vgg") ? "he-normal" as const : "xavier-uniform" as const;
  const builder = { gpu, random: Random.of(seed, 0x1417), initialisation };
  return new Classifier(builder, BACKBONES[arch](builder, options), options);
}
