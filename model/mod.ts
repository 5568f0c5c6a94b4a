/**
 * Classifiers by CAM and CALM: backbones, training, checkpoints.
 *
 * @module
 */
export { type Architecture, ARCHITECTURES } from "./backbones/list.ts";
export { buildModel, type ModelOptions } from "./build.ts";
export { classProbabilities, jointMap, labelLogJoint } from "./calm/joint.ts";
export { DEFAULT_LOCATION, type LocationOptions, logLocation, type Prior } from "./calm/location.ts";
export { expectationLoss, type ExpectationOptions, marginalLoss } from "./calm/losses.ts";
export { Classifier, type Method, METHODS, type Outputs, uploadPictures } from "./classifier.ts";
export { BatchNorm, Conv2d, inSequence } from "./layers.ts";
export { type Builder, Module, type StateEntry, type Step } from "./module.ts";
export { type ForeignOptions, type OpenedModel, openModel, readModel } from "./stored/open_model.ts";
export { type Objective, OWN_LOSS } from "./training/objective.ts";
export { type TrainingRecipe } from "./training/recipe.ts";
export { RunningTotals } from "./training/running_totals.ts";
export { Sgd } from "./training/sgd.ts";
export { MovingAverageTeacher } from "./training/teacher.ts";
export { buildObjective, buildOptimiser, trainingStep } from "./training/trainer.ts";
