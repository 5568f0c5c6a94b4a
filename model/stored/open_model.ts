import { UserError } from "../../engine/errors.ts";
import type { Gpu } from "../../engine/gpu.ts";
import { openStateFile, type StateFile } from "../../weights/state_file.ts";
import { buildModel, type ModelOptions } from "../build.ts";
import type { Classifier } from "../classifier.ts";
import type { Method } from "../methods.ts";
import { architectureOf, backboneKind } from "../backbones/list.ts";
import { networkName } from "../backbones/network_name.ts";
import { CHECKPOINT_FORMAT, checkpointIn, restore } from "./restore.ts";
import { takeAll } from "./fill.ts";

/** What the file of another program does not say. */
export interface ForeignOptions {
  /** Which dictionary of tensors to take where a file has several, see `openStateFile`. */
  readonly weights?: string;
  /** How it was trained; nothing in such a file says it. */
  readonly method?: Method;
  /** Default: `"relu"`, the official code's. */
  readonly prior?: ModelOptions["prior"];
  /** ResNet50 and Inception: the model was trained with 28×28 maps. Default false. */
  readonly largeFeatureMap?: boolean;
  /** Inception: default true, as the official code has it. */
  readonly skipMixed6e?: boolean;
  /** Sides of the pictures it was trained on; default 224. */
  readonly crop?: number;
  /** Names of its classes, in their order. */
  readonly classNames?: readonly string[];
  /**
   * Told what was chosen in the file and left out, and what is taken for granted because neither
   * file nor user says it, with the names of the settings that do. Default: standard error.
   */
  readonly say?: (sentence: string, settings?: readonly string[]) => void;
}

/** A model read from a file. */
export interface OpenedModel {
  /** With the weights of the file. */
  readonly model: Classifier;
  /** What it was built with. */
  readonly options: ModelOptions;
  /** Names of the classes, where the file has them. */
  readonly classNames: readonly string[] | null;
  /** Sides of the pictures it was trained on. */
  readonly crop: number;
  /** Epochs that it was trained for, where the file says so. */
  readonly epochs?: number;
  /** Which of the dictionaries of tensors in the file it is, where there are several. */
  readonly dictionary?: string;
}

/** Pictures of the official code. */
const OFFICIAL_CROP = 224;

/**
 * Opens a checkpoint: this program's, or one of the official PyTorch code
 * (`last_checkpoint.pth.tar`) or any file with the same names. Backbone, batch norms and number of
 * classes are read off the tensors.
 *
 * @throws {UserError} when the file is damaged, of an unknown network, or leaves `method` open
 */
export async function openModel(
  gpu: Gpu,
  path: string,
  foreign: ForeignOptions = {},
): Promise<OpenedModel> {
  const { weights, ...rest } = foreign;
  const file = await openStateFile(path, { weights, say: foreign.say });
  try {
    return await readModel(gpu, file, rest);
  } finally {
    file.close();
  }
}

/** The same of a file that is open: one in a browser's memory, say. The file stays open. */
export async function readModel(
  gpu: Gpu,
  file: StateFile,
  { say = (sentence) => console.error(sentence), ...foreign }: Omit<ForeignOptions, "weights"> = {},
): Promise<OpenedModel> {
  if (file.metadata.format === CHECKPOINT_FORMAT) {
    const checkpoint = await checkpointIn(file);
    const { model: options, classNames, recipe, progress: { epoch } } = checkpoint.header;
    const { crop } = recipe.transform;
    expectAgreement(file.path, foreign, { ...options, crop, classNames });
    const model = await filled(buildModel(gpu, options, 0), (model) => restore(checkpoint, model));
    return { model, options, classNames, crop, epochs: epoch };
  }
  const options = guessOptions(file, foreign);
  const { classNames = null, crop } = foreign;
  if (classNames && classNames.length !== options.classes) {
    throw new UserError(
      `There are ${classNames.length} names of classes, but ${file.path} knows ${options.classes} ` +
        "classes",
      { settings: ["class-names"] },
    );
  }
  if (crop === undefined) {
    say(
      `${file.path} does not say how large its pictures were: ${OFFICIAL_CROP} pixels are assumed, ` +
        "as the official code has them",
      ["crop"],
    );
  }
  const model = await filled(buildModel(gpu, options, 0), (model) => takeAll(model, file));
  const { dictionary } = file;
  return { model, options, classNames, crop: crop ?? OFFICIAL_CROP, dictionary };
}

/** @throws {UserError} when the user says otherwise than a checkpoint of ours */
function expectAgreement(
  path: string,
  said: Omit<ForeignOptions, "weights" | "say">,
  known: ModelOptions & Pick<OpenedModel, "crop" | "classNames">,
): void {
  const { largeFeatureMap = false, skipMixed6e = false, ...others } = known;
  const facts: Record<string, unknown> = { ...others, largeFeatureMap, skipMixed6e };
  for (const [name, value] of Object.entries(said)) {
    if (value === undefined || JSON.stringify(value) === JSON.stringify(facts[name])) continue;
    const option = name === "skipMixed6e"
      ? "use-mixed-6e"
      : name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UserError(
      `${path} says itself how it was trained, and otherwise than is asked for: leave that out`,
      { settings: [option] },
    );
  }
}

/** A model with weights put in; it is given back to the GPU when they do not fit. */
async function filled(
  model: Classifier,
  fill: (model: Classifier) => Promise<void> | void,
): Promise<Classifier> {
  try {
    await fill(model);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function guessOptions(file: StateFile, foreign: ForeignOptions): ModelOptions {
  const { path, tensors } = file;
  const arch = architectureOf(file);
  if (!arch) {
    const network = networkName(tensors);
    throw new UserError(
      `${path} holds none of the networks that are known here; ` +
        (network ? `it is ${network}` : `its first tensor is ${[...tensors.keys()][0]}`),
    );
  }
  const kind = backboneKind(arch);
  const last = tensors.get("conv_last.weight");
  if (!last) {
    throw new UserError(
      `${path} is a ${arch} without conv_last: a backbone to train from, not a ` +
        "model with maps",
      { settings: ["pretrained"] },
    );
  }
  if (!(last.shape.length === 4 && last.shape[0] > 0)) {
    throw new UserError(
      `${path}: conv_last.weight has shape [${last.shape}], expected [classes, channels, 1, 1]`,
    );
  }
  const { method, prior = "relu", largeFeatureMap, skipMixed6e = true } = foreign;
  if (!method) {
    throw new UserError(
      `${path} does not say how it was trained: by cam, calm-ml or calm-em`,
      { settings: ["method"] },
    );
  }
  if (method !== "cam" && !tensors.has("attention.0.weight")) {
    throw new UserError(`${path} has no prior branch (attention.0): its method is cam`);
  }
  return {
    arch,
    method,
    prior,
    detachNormaliser: prior === "relu",
    largeFeatureMap: kind.hasLargeMapIn?.(tensors) ?? largeFeatureMap,
    skipMixed6e: kind.hasMixed6e === true && skipMixed6e,
    classes: last.shape[0],
  };
}
