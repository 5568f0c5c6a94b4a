import { DATASET_NAMES } from "../data/open.ts";
import { UserError } from "../engine/errors.ts";
import { type Architecture, ARCHITECTURES, backboneKind } from "../model/backbones/list.ts";
import { DEFAULT_LOCATION, type Prior, PRIORS } from "../model/calm/location.ts";
import { OFFICIAL_EPSILON } from "../model/calm/losses.ts";
import { isCalm, type Method, METHODS } from "../model/methods.ts";
import { describeDefault, type Preset } from "../model/training/recipe.ts";
import { TEACHER_DECAY } from "../model/training/teacher.ts";
import type { TrainingSettings } from "../eval/runs/run_plan.ts";
import { METHOD_OPTIONS, methodSettings } from "./method_options.ts";
import { WEIGHTS_OPTION } from "./model_options.ts";
import type { OptionTable, ParsedOptions } from "./options.ts";

/** Help of an option whose default is the data set's. */
const byDataSet = (help: string, key: Parameters<typeof describeDefault>[0]) =>
  `${help} (default ${describeDefault(key)})`;

/** What decides a model and its training, besides the seed. */
export const TRAINING_OPTIONS: OptionTable = {
  dataset: {
    type: "choice",
    choices: DATASET_NAMES,
    help: "what to train on",
    default: "birds",
  },
  data: {
    type: "text",
    value: "DIR",
    help: "the data set's folder (default for birds datasets/birds, drawn when missing)",
  },
  method: {
    type: "choice",
    choices: METHODS,
    help: "last layers and loss: CAM, its rivals of the WSOL benchmark, or CALM",
    default: "calm-em",
  },
  arch: {
    type: "choice",
    choices: ARCHITECTURES,
    value: "NAME",
    help: `backbone: ${ARCHITECTURES.join(", ")}`,
    default: "small-resnet",
  },
  "large-feature-map": {
    type: "flag",
    negatable: true,
    help: "28×28 instead of 14×14 maps of 224×224 pictures, as in the paper",
  },
  "use-mixed-6e": {
    type: "flag",
    help: "Inception: feed Mixed_6e on, which the official code leaves out of the forward pass",
  },
  pretrained: {
    type: "text",
    value: "FILE",
    help: "backbone to start from: torchvision's file (weights/README.md) or a checkpoint",
  },
  weights: { ...WEIGHTS_OPTION, help: `${WEIGHTS_OPTION.help} (of --pretrained)` },
  prior: {
    type: "choice",
    choices: PRIORS,
    help: "what makes location logits positive: the official code's, or the paper's",
    default: DEFAULT_LOCATION.prior,
  },
  normaliser: {
    type: "choice",
    choices: ["detached", "differentiated"],
    help:
      "gradient of the sum that normalises locations: the official code's has none, the paper's has",
    default: DEFAULT_LOCATION.detachNormaliser ? "detached" : "differentiated",
  },
  "posterior-epsilon": {
    type: "number",
    min: 0,
    help: `calm-em: added to the posterior's denominator; the official code has ` +
      `${OFFICIAL_EPSILON} (default 0, the paper's; with --recipe the official code's)`,
  },
  epochs: {
    type: "integer",
    min: 1,
    help: byDataSet("passes over the training pictures", "epochs"),
  },
  "batch-size": { type: "integer", min: 1, help: byDataSet("pictures per step", "batchSize") },
  "micro-batch": {
    type: "integer",
    min: 1,
    help:
      "pictures that go through the network at once; their gradients are summed up (default all)",
  },
  lr: { type: "number", min: 0, help: byDataSet("learning rate of the features", "lr") },
  "lr-classifier-ratio": {
    type: "number",
    min: 0,
    help: byDataSet("the last layers learn at lr times this", "lrClassifierRatio"),
  },
  "lr-decay-every": {
    type: "integer",
    min: 1,
    help: byDataSet(
      "the rate falls to a tenth at every epoch divisible by this",
      "lrDecayEvery",
    ),
  },
  "weight-decay": { type: "number", min: 0, help: byDataSet("L2 penalty", "weightDecay") },
  momentum: {
    type: "number",
    min: 0,
    max: 1,
    help: byDataSet("Nesterov momentum", "momentum"),
  },
  teacher: {
    type: "choice",
    choices: ["ema"],
    help: "calm-em: pseudo-targets of a moving average of the weights, the paper's θ′ " +
      "(default: of the weights themselves)",
  },
  "teacher-decay": {
    type: "number",
    min: 0,
    max: 1,
    help: "with --teacher: what the average keeps of itself at a step",
    default: TEACHER_DECAY,
  },
  ...METHOD_OPTIONS,
  resize: {
    type: "integer",
    min: 8,
    help: byDataSet("pixels a training picture is resized to", "resize"),
  },
  crop: {
    type: "integer",
    min: 8,
    help: byDataSet("pixels of the random cut that the network sees", "crop"),
  },
  seed: {
    type: "integer",
    min: 0,
    help: "of initial weights, order and augmentation",
    default: 0,
  },
  "hold-out": {
    type: "integer",
    min: 1,
    help: "leave so many training pictures of each class out of training, to choose settings on",
  },
  "save-every": {
    type: "integer",
    min: 1,
    help: "a checkpoint every so many steps of an epoch, too, not only at its end",
  },
  "skip-corrupt": { type: "flag", help: "leave damaged pictures out instead of stopping" },
  workers: { type: "integer", min: 1, max: 64, help: "threads that decode pictures" },
  "memory-limit": { type: "integer", min: 1, value: "MIB", help: "most GPU memory to use" },
};

/**
 * Reads the options of training, with a recipe of the paper if there is one.
 *
 * @throws {UserError} for options that contradict each other
 */
export function trainingSettings(options: ParsedOptions, preset?: Preset): TrainingSettings {
  const arch = (options.setting("arch")) as Architecture;
  const { hasMixed6e = false } = backboneKind(arch);
  const method = (options.setting("method")) as Method;
  if (options.flag("use-mixed-6e") && !hasMixed6e) {
    throw new UserError(`--use-mixed-6e is for Inception, not ${arch}`);
  }
  if (options.has("weights") && !options.has("pretrained")) {
    throw new UserError("--weights chooses in the file of --pretrained, which is not given");
  }
  const ofCalm = ["prior", "normaliser"].find((name) => options.has(name));
  if (ofCalm !== undefined && !isCalm(method)) {
    throw new UserError(`--${ofCalm} is for CALM, which has a location prior, not for ${method}`);
  }
  if (options.has("teacher") && method !== "calm-em") {
    throw new UserError(`--teacher is for calm-em, not ${method}`);
  }
  if (options.has("teacher-decay") && !options.has("teacher")) {
    throw new UserError("--teacher-decay is for --teacher ema, which is not given");
  }
  if (options.has("posterior-epsilon") && method !== "calm-em") {
    throw new UserError(`--posterior-epsilon is for calm-em, not ${method}`);
  }
  const ofMethod = methodSettings(options, { method, arch });
  return {
    dataset: (options.setting("dataset")) as TrainingSettings["dataset"],
    data: options.text("data"),
    model: {
      arch,
      method,
      prior: (options.setting("prior")) as Prior,
      detachNormaliser: options.setting("normaliser") === "detached",
      largeFeatureMap: options.flag("large-feature-map"),
      // The WSOL benchmark feeds it on.
      skipMixed6e: hasMixed6e && !options.flag("use-mixed-6e") && !ofMethod.ofBenchmark,
      ...ofMethod.model,
      ...(method === "calm-em" && {
        posteriorEpsilon: options.number("posterior-epsilon") ?? (preset ? OFFICIAL_EPSILON : 0),
      }),
    },
    pretrained: options.text("pretrained"),
    pretrainedWeights: options.text("weights"),
    preset,
    holdOut: options.number("hold-out"),
    seed: options.quantity("seed"),
    skipCorrupt: options.flag("skip-corrupt"),
    saveEvery: options.number("save-every"),
    workers: options.number("workers"),
    memoryLimit: options.number("memory-limit"),
    recipe: {
      epochs: options.number("epochs"),
      batchSize: options.number("batch-size"),
      microBatch: options.number("micro-batch"),
      lr: options.number("lr"),
      lrClassifierRatio: options.number("lr-classifier-ratio"),
      lrDecayEvery: options.number("lr-decay-every"),
      weightDecay: options.number("weight-decay"),
      momentum: options.number("momentum"),
      teacherDecay: options.has("teacher") ? options.quantity("teacher-decay") : undefined,
      ...ofMethod.recipe,
      resize: options.number("resize"),
      crop: options.number("crop"),
    },
  };
}
