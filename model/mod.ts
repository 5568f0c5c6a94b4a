/**
 * Classifiers by CAM and CALM: backbones, last layers, losses, training, checkpoints.
 *
 * @example One training step of CALM_EM on random pictures.
 * ```ts
 * import assert from "node:assert/strict";
 * import { Gpu } from "@calm/webgpu/engine";
 * import { buildModel, buildOptimiser, recipeFor, RunningTotals, trainingStep } from "@calm/webgpu/model";
 *
 * const gpu = await Gpu.request();
 * const model = buildModel(gpu, {
 *   arch: "small-resnet",
 *   method: "calm-em",
 *   prior: "relu",
 *   detachNormaliser: true,
 *   classes: 3,
 * }, 0);
 * const optimiser = buildOptimiser(model, recipeFor("birds", {}, { seed: 0 }));
 * const sums = new RunningTotals(gpu);
 * trainingStep(model, optimiser, {
 *   images: Float32Array.from({ length: 2 * 32 * 32 * 4 }, (_, i) => i % 4 < 3 ? Math.random() : 0),
 *   labels: Uint32Array.of(0, 2),
 *   size: 2,
 *   rate: 0.01,
 *   sums,
 * });
 * const { loss, images } = await sums.read();
 * assert.ok(loss / images > 0);
 * gpu.destroy();
 * ```
 *
 * @module
 */
export type { Batch } from "../data/loader.ts";
export type { Transform } from "../data/transform.ts";
export type {
  Attachments,
  Backbone,
  BackboneKind,
  BackboneOptions,
  Places,
  Tensors,
  Trunk,
} from "./backbones/backbone.ts";
export type { Shapes } from "./backbones/network_name.ts";
export { type Architecture, ARCHITECTURES, BACKBONES } from "./backbones/list.ts";
export { buildModel, type ModelOptions } from "./build.ts";
export { classProbabilities, jointMap, labelLogJoint } from "./calm/joint.ts";
export {
  DEFAULT_LOCATION,
  type LocationOptions,
  logLocation,
  type Prior,
  PRIORS,
} from "./calm/location.ts";
export { expectationLoss, type ExpectationOptions, marginalLoss } from "./calm/losses.ts";
export { ADL, type AdlOptions } from "./attention_dropout.ts";
export { Classifier, type ClassifierOptions, uploadPictures } from "./classifier.ts";
export type { HeadOptions, Outputs } from "./heads/head.ts";
export { type Cuts } from "./heads/pixel_labels.ts";
export { SPG_CUTS, type SpgCuts } from "./heads/spg.ts";
export {
  BatchNorm,
  Conv2d,
  DrawingLayer,
  Dropout,
  inSequence,
  type Layer,
  type Visitor,
} from "./layers.ts";
export { type Method, METHOD_KINDS, type MethodKind, METHODS } from "./methods.ts";
export { type Builder, type Initialisation, Module, type StateEntry, type Step } from "./module.ts";
export {
  type ForeignOptions,
  type OpenedModel,
  openModel,
  readModel,
} from "./stored/open_model.ts";
export type { CutMixOptions, MixedLabels } from "../data/cutmix.ts";
export type { HasOptions } from "../data/hide_and_seek.ts";
export { augment, type Augmentation } from "./training/augment.ts";
export { type Objective, OWN_LOSS, type Part } from "./training/objective.ts";
export {
  type Preset,
  type RecipeChoices,
  recipeFor,
  type TrainingRecipe,
} from "./training/recipe.ts";
export { RunningTotals, type Totals } from "./training/running_totals.ts";
export { type ParameterGroup, Sgd, type SgdOptions } from "./training/sgd.ts";
export { MovingAverageTeacher } from "./training/teacher.ts";
export { buildObjective, buildOptimiser, trainingStep } from "./training/trainer.ts";
