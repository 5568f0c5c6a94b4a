import { UserError } from "../../engine/errors.ts";
import type { Gpu } from "../../engine/gpu.ts";
import { openStateFile, type StateFile } from "../../weights/state_file.ts";
import { ADL } from "../attention_dropout.ts";
import { ACOL_THRESHOLD } from "../heads/acol.ts";
import { buildModel, type ModelOptions } from "../build.ts";
import type { Classifier } from "../classifier.ts";
import { isCalm, lastWeight, type Method, methodKind } from "../methods.ts";
import { benchmarkNetworkOf } from "./benchmark_names.ts";
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
  /** ACoL: where its first map hides features, on which its map depends; default 0.7. */
  readonly acolThreshold?: number;
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

const warnOnConsole = (sentence: string) => console.error(sentence);

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
  foreign: Omit<ForeignOptions, "weights"> = {},
): Promise<OpenedModel> {
  const { say = warnOnConsole, ...said } = foreign;
  if (file.metadata.format === CHECKPOINT_FORMAT) {
    const checkpoint = await checkpointIn(file);
    const { model: options, classNames, recipe, progress: { epoch } } = checkpoint.header;
    const { crop } = recipe.transform;
    expectAgreement(file.path, said, { ...options, crop, classNames });
    const model = await filled(buildModel(gpu, options, 0), (model) => restore(checkpoint, model));
    return { model, options, classNames, crop, epochs: epoch };
  }
  const known = { ...file, methods: null, ...benchmarkNetworkOf(file, foreign.method) };
  const options = guessOptions(known, foreign);
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
  const model = await filled(
    buildModel(gpu, options, 0),
    (model) => takeAll(model, known, backboneKind(options.arch).rename),
  );
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

/** A file of another program, its tensors by our names. */
interface KnownFile extends StateFile {
  /** The methods that its network may have been trained by; null where the tensors do not tell. */
  readonly methods: readonly Method[] | null;
}

function guessOptions(file: KnownFile, foreign: ForeignOptions): ModelOptions {
  const { path, tensors, methods } = file;
  const arch = architectureOf(file);
  if (!arch) {
    const network = networkName(tensors);
    throw new UserError(
      `${path} holds none of the networks that are known here; ` +
        (network ? `it is ${network}` : `its first tensor is ${[...tensors.keys()][0]}`),
    );
  }
  const kind = backboneKind(arch);
  const isBenchmark = methods !== null;
  const { prior = "relu", skipMixed6e = !isBenchmark, say = warnOnConsole } = foreign;
  const lastName = lastWeight(methods?.[0] ?? "cam");
  const last = tensors.get(lastName);
  if (!last) {
    throw new UserError(
      `${path} is a ${arch} without conv_last: a backbone to train from, not a model with maps` +
        (tensors.has("fc.weight") ? "; or if the WSOL benchmark’s code wrote it, say how" : ""),
      { settings: tensors.has("fc.weight") ? ["pretrained", "method"] : ["pretrained"] },
    );
  }
  if (!(last.shape.length === 4 && last.shape[0] > 0)) {
    throw new UserError(
      `${path}: ${lastName} has shape [${last.shape}], expected [classes, channels, 1, 1]`,
    );
  }
  const method = isBenchmark
    ? benchmarkMethod(path, methods, { method: foreign.method, say })
    : officialMethod(file, foreign.method);
  if (method === "acol" && foreign.acolThreshold === undefined) {
    say(
      `${path} does not say at which share its first map hides features: ${ACOL_THRESHOLD} is ` +
        "assumed, the benchmark’s default",
      ["acol-threshold"],
    );
  }
  if (method !== "acol" && foreign.acolThreshold !== undefined) {
    throw new UserError(`${path} is a model of ${method}, which hides nothing`, {
      settings: ["acol-threshold"],
    });
  }
  // Only the poolings of CAM and CALM leave a trace in the names.
  const { head } = methodKind(method);
  const toldBySelf = head === "acol" || head === "spg" ? undefined : kind.hasLargeMapIn?.(tensors);
  return {
    arch,
    method,
    prior,
    detachNormaliser: prior === "relu",
    largeFeatureMap: toldBySelf ?? foreign.largeFeatureMap,
    skipMixed6e: kind.hasMixed6e === true && skipMixed6e,
    ...(method === "adl" && { adl: ADL }),
    ...(method === "acol" && { acolThreshold: foreign.acolThreshold ?? ACOL_THRESHOLD }),
    classes: last.shape[0],
  };
}

/** The method of a checkpoint of the official code. */
function officialMethod({ path, tensors }: StateFile, method: Method | undefined): Method {
  if (!method) {
    throw new UserError(
      `${path} does not say how it was trained: by cam, calm-ml or calm-em`,
      { settings: ["method"] },
    );
  }
  if (isCalm(method) && !tensors.has("attention.0.weight")) {
    throw new UserError(`${path} has no prior branch (attention.0): its method is cam`);
  }
  if (!isCalm(method) && method !== "cam") {
    throw new UserError(
      `${path} is a network of CAM or CALM, not of ${method}: its method is cam, calm-ml or calm-em`,
    );
  }
  return method;
}

/** The method of a checkpoint of the WSOL benchmark's code. */
function benchmarkMethod(
  path: string,
  methods: readonly Method[],
  { method, say }: { readonly method?: Method } & Required<Pick<ForeignOptions, "say">>,
): Method {
  if (method !== undefined && !methods.includes(method)) {
    throw new UserError(
      `${path} has the network of ${
        methods.join(", ")
      }, not of ${method}, in the WSOL benchmark’s code`,
      { settings: ["method"] },
    );
  }
  if (method === undefined && methods.length > 1) {
    say(
      `${path} does not say how it was trained: ${methods[0]} is assumed, of which ` +
        `${methods.slice(1).join(", ")} have the network and the map`,
      ["method"],
    );
  }
  return method ?? methods[0];
}
