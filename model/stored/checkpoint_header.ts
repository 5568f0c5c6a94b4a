import { isPrintable } from "../../data/class_names.ts";
import { UserError } from "../../engine/errors.ts";
import { shown } from "../../weights/shown.ts";
import type { ModelOptions } from "../build.ts";
import { PRIORS } from "../calm/location.ts";
import { METHODS } from "../methods.ts";
import type { TrainingProgress } from "../training/progress.ts";
import type { TrainingRecipe } from "../training/recipe.ts";
import { ARCHITECTURES, backboneKind } from "../backbones/list.ts";

/** What a checkpoint says about itself, besides its tensors. */
export interface CheckpointHeader {
  readonly model: ModelOptions;
  readonly recipe: TrainingRecipe;
  readonly dataset: {
    readonly name: string;
    readonly root: string;
    /** Training pictures; like the hash, older checkpoints lack it. */
    readonly pictures?: number;
    /** Hash over the lists of training and test pictures with their labels. */
    readonly listHash?: string;
    /** Training pictures of each class that were left out (`holdOut`). */
    readonly holdOut?: number;
  };
  readonly classNames: readonly string[];
  readonly progress: TrainingProgress;
}

/** What a value has to be: in words, and whether one is. */
interface Kind {
  readonly expected: string;
  readonly fits: (value: unknown) => boolean;
}

/** Most pixels of a picture's side: more would not fit in memory. */
export const LARGEST_PICTURE = 8192;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const object: Kind = { expected: "an object", fits: isRecord };
const flag: Kind = { expected: "true or false", fits: (value) => typeof value === "boolean" };
const text: Kind = { expected: "a text", fits: (value) => typeof value === "string" };

const oneOf = (choices: readonly string[]): Kind => ({
  expected: `one of ${choices.join(", ")}`,
  fits: (value) => choices.includes(value as string),
});

const count = (least: number, most = Number.MAX_SAFE_INTEGER): Kind => ({
  expected: most === Number.MAX_SAFE_INTEGER
    ? `a whole number of at least ${least}`
    : `a whole number from ${least} to ${most}`,
  fits: (value) =>
    Number.isSafeInteger(value) && value as number >= least && value as number <= most,
});

const number = (least = -Infinity, most = Infinity): Kind => ({
  expected: "a number" + (least > -Infinity ? ` of at least ${least}` : "") +
    (most < Infinity ? ` and at most ${most}` : ""),
  fits: (value) => Number.isFinite(value) && value as number >= least && value as number <= most,
});

const list: Kind = { expected: "a list", fits: Array.isArray };

const cuts: Kind = {
  expected: "three pairs of high and low thresholds from 0 to 1",
  fits: (value) =>
    Array.isArray(value) && value.length === 3 &&
    value.every((pair) =>
      isRecord(pair) && [pair.high, pair.low].every((cut) => number(0, 1).fits(cut))
    ),
};

const sizes: Kind = {
  expected: "a list of whole numbers",
  fits: (value) => Array.isArray(value) && value.length > 0 && value.every(count(0).fits),
};

/**
 * The fields in the order in which they are looked at; `?` stands behind the name of one that may be
 * missing, with all that is in it.
 */
const FIELDS: readonly (readonly [name: string, kind: Kind])[] = [
  ["model", object],
  ["model.arch", oneOf(ARCHITECTURES)],
  ["model.method", oneOf(METHODS)],
  ["model.prior", oneOf(PRIORS)],
  ["model.detachNormaliser", flag],
  ["model.largeFeatureMap?", flag],
  ["model.skipMixed6e?", flag],
  ["model.posteriorEpsilon?", number(0)],
  ["model.benchmark?", flag],
  ["model.dropout?", number(0, 0.99)],
  ["model.adl?", object],
  ["model.adl?.rate", number(0, 1)],
  ["model.adl?.threshold", number(0, 1)],
  ["model.acolThreshold?", number(0, 1)],
  ["model.spgCuts?", cuts],
  ["model.classes", count(1)],
  ["recipe", object],
  ["recipe.epochs", count(1)],
  ["recipe.batchSize", count(1, 2 ** 20)],
  ["recipe.microBatch?", count(1, 2 ** 20)],
  ["recipe.lr", number(0)],
  ["recipe.lrClassifierRatio", number(0)],
  ["recipe.lrDecayEvery", count(1)],
  ["recipe.weightDecay", number(0)],
  ["recipe.momentum", number(0, 1)],
  ["recipe.teacherDecay?", number(0, 1)],
  ["recipe.has?", object],
  ["recipe.has?.sizes", sizes],
  ["recipe.has?.rate", number(0, 1)],
  ["recipe.cutmix?", object],
  ["recipe.cutmix?.beta", number(0)],
  ["recipe.cutmix?.probability", number(0, 1)],
  ["recipe.groups?", oneOf(["benchmark"])],
  ["recipe.seed", count(0)],
  ["recipe.transform", object],
  ["recipe.transform.resize", count(1, LARGEST_PICTURE)],
  ["recipe.transform.crop", count(1, LARGEST_PICTURE)],
  ["recipe.transform.flip", flag],
  ["dataset", object],
  ["dataset.name", text],
  ["dataset.root", text],
  ["dataset.pictures?", count(0)],
  ["dataset.listHash?", text],
  ["dataset.holdOut?", count(1)],
  ["classNames", list],
  ["progress", object],
  ["progress.epoch", count(0)],
  ["progress.batch", count(0)],
  ["progress.totals", object],
  ["progress.totals.loss", number()],
  ["progress.totals.correct", number(0)],
  ["progress.totals.images", number(0)],
  ["progress.totals.steps", number(0)],
  ["progress.totals.badStep", number(0)],
  ["progress.totals.badPrediction?", number(0)],
  ["progress.trainLoss", list],
  ["progress.trainAccuracy", list],
  ["progress.totals.negativeLogLikelihood?", number(0)],
  ["progress.trainNegativeLogLikelihood?", list],
];

/** Called for a field with an unfit value. */
type Refuse = (field: string, value: unknown, expected: string) => never;

/**
 * Reads the header of a checkpoint and checks every field; those that are not known are kept.
 *
 * @param path of the checkpoint, for messages
 * @param json what its metadata hold, if anything
 * @throws {UserError} naming the field, its value and what was expected
 */
export function parseHeader(path: string, json: string | undefined): CheckpointHeader {
  const damaged = (what: string): never => {
    throw new UserError(`${path} is damaged: ${what}`);
  };
  const refuse: Refuse = (field, value, expected) => {
    const found = value === undefined ? "is missing" : `is ${shown(value)}`;
    return damaged(`${field} in its header ${found}, expected ${expected}`);
  };
  if (json === undefined) return damaged("its metadata have no header");
  let header: unknown;
  try {
    header = JSON.parse(json);
  } catch {
    damaged(`its header is ${shown(json)}, expected JSON`);
  }
  if (!isRecord(header)) return damaged(`its header is ${shown(header)}, expected an object`);
  for (const [field, { expected, fits }] of FIELDS) {
    const name = field.replace("?", "");
    const value = valueAt(header, name);
    const [optional] = field.split("?");
    if (optional !== field && valueAt(header, optional) === undefined) continue;
    if (!fits(value)) refuse(name, value, expected);
  }
  const known = header as unknown as CheckpointHeader;
  checkModel(known, refuse);
  checkClassNames(known, refuse);
  checkProgress(known, refuse);
  return known;
}

function checkModel({ model, recipe: { transform } }: CheckpointHeader, refuse: Refuse): void {
  const { arch, method, largeFeatureMap, skipMixed6e, dropout, adl } = model;
  const { hasLargeMap, hasMixed6e, hasDropout } = backboneKind(arch);
  if (largeFeatureMap && !hasLargeMap) {
    refuse("model.largeFeatureMap", true, `false for ${arch}`);
  }
  if (skipMixed6e && !hasMixed6e) {
    refuse("model.skipMixed6e", true, `false for ${arch}`);
  }
  if (dropout && !hasDropout) refuse("model.dropout", dropout, `none for ${arch}`);
  if (method === "adl" && !adl) refuse("model.adl", undefined, "an object for the method adl");
  const { resize, crop } = transform;
  if (crop > resize) refuse("recipe.transform.crop", crop, `at most resize, ${resize}`);
}

function checkClassNames({ model, classNames }: CheckpointHeader, refuse: Refuse): void {
  if (classNames.length !== model.classes) {
    refuse("classNames", classNames, `${model.classes} names, as many as there are classes`);
  }
  classNames.forEach((name, label) => {
    if (typeof name !== "string" || !isPrintable(name)) {
      refuse(`classNames[${label}]`, name, "a text without control characters");
    }
  });
}

function checkProgress({ progress }: CheckpointHeader, refuse: Refuse): void {
  for (const field of ["trainLoss", "trainAccuracy", "trainNegativeLogLikelihood"] as const) {
    const values = progress[field];
    if (values === undefined) continue;
    if (values.length !== progress.epoch) {
      refuse(`progress.${field}`, values, `${progress.epoch} numbers, one for each epoch`);
    }
    values.forEach((value, epoch) => {
      if (!Number.isFinite(value)) refuse(`progress.${field}[${epoch}]`, value, "a number");
    });
  }
}

/** What stands at `a.b.c`; undefined where it or what is around it is missing. */
function valueAt(header: Record<string, unknown>, name: string): unknown {
  let value: unknown = header;
  for (const key of name.split(".")) {
    if (!isRecord(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}
