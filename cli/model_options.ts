import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { readClassNames } from "../data/class_list.ts";
import { findClass } from "../data/find_class.ts";
import { UserError } from "../engine/errors.ts";
import { CHECKPOINT, runFolder } from "../model/stored/run_files.ts";
import { LARGEST_PICTURE } from "../model/stored/checkpoint_header.ts";
import { type Prior, PRIORS } from "../model/calm/location.ts";
import { type Method, METHODS } from "../model/methods.ts";
import type { ForeignOptions } from "../model/stored/open_model.ts";
import type { OptionTable, ParsedOptions } from "./options.ts";
import { warn, withOptions } from "./progress.ts";

/** For every command that opens a checkpoint. */
export const WEIGHTS_OPTION = {
  type: "text",
  value: "NAME",
  help: "which of a PyTorch file's several tables of weights, e.g. ema",
} as const;

/** The model that `./calm train` leaves. */
export const DEFAULT_CHECKPOINT = join(runFolder("birds", "calm-em"), CHECKPOINT);

/** Options of commands that read a model from a checkpoint of any origin. */
export const MODEL_OPTIONS: OptionTable = {
  checkpoint: {
    type: "text",
    value: "FILE",
    help: "a run's folder or its checkpoint, or one of the official PyTorch code",
    default: DEFAULT_CHECKPOINT,
  },
  weights: WEIGHTS_OPTION,
  method: {
    type: "choice",
    choices: METHODS,
    help: "how a PyTorch checkpoint of the official or the WSOL benchmark's code was trained",
  },
  prior: {
    type: "choice",
    choices: PRIORS,
    help: "prior of a PyTorch checkpoint (relu: the official code's)",
  },
  "large-feature-map": {
    type: "flag",
    help: "the PyTorch checkpoint was trained with 28×28 maps",
  },
  "acol-threshold": {
    type: "number",
    min: 0,
    max: 1,
    help: "ACoL of PyTorch: where its first map hides features (default 0.7)",
  },
  "use-mixed-6e": {
    type: "flag",
    help: "Inception of PyTorch: Mixed_6e feeds on, unlike in the official code",
  },
  crop: {
    type: "integer",
    min: 8,
    max: LARGEST_PICTURE,
    help: "sides of the pictures of a PyTorch checkpoint (default 224)",
  },
  "class-names": {
    type: "text",
    value: "FILE",
    help: "names of a PyTorch checkpoint's classes: one a line, or CUB's classes.txt",
  },
};

/** The checkpoint's path. */
export function checkpointOf(options: ParsedOptions): string {
  return checkpointAt(options.setting("checkpoint"));
}

/** Paths of checkpoints, separated by commas; one whose own name has a comma stands alone. */
export function checkpointList(text: string): string[] {
  const paths = existsSync(text) ? [text] : text.split(",");
  return paths.map((path) => checkpointAt(path.trim()));
}

/**
 * A checkpoint by its own path or by its run's folder.
 *
 * @throws {UserError} for a folder that has none
 */
export function checkpointAt(path: string): string {
  if (path === "") throw new UserError("--checkpoint has nothing between two commas or at its end");
  if (!existsSync(path) || !statSync(path).isDirectory()) return path;
  const checkpoint = join(path, CHECKPOINT);
  if (existsSync(checkpoint)) return checkpoint;
  throw new UserError(`${path} is a folder without ${CHECKPOINT}: expected a run's, or a file`);
}

/** What the user said of a checkpoint of another program. */
export function foreignOptions(options: ParsedOptions): ForeignOptions {
  const classNames = options.text("class-names");
  return {
    weights: options.text("weights"),
    method: options.text("method") as Method | undefined,
    prior: options.text("prior") as Prior | undefined,
    largeFeatureMap: options.flag("large-feature-map") || undefined,
    acolThreshold: options.number("acol-threshold"),
    skipMixed6e: options.flag("use-mixed-6e") ? false : undefined,
    crop: options.number("crop"),
    classNames: classNames === undefined ? undefined : readClassNames(classNames),
    say: sayOnce,
  };
}

const said = new Set<string>();

/** On standard error; a model may be opened more than once. */
function sayOnce(sentence: string, settings?: readonly string[]): void {
  if (!said.has(sentence)) warn(withOptions(sentence, settings));
  said.add(sentence);
}

/**
 * A class by its name or index.
 *
 * @param option named in messages
 * @throws {UserError} when there is none
 */
export function classOf(
  option: string,
  text: string,
  names: readonly string[] | null,
  classes: number,
): number {
  const label = findClass(text, names, classes);
  if (typeof label === "string") throw new UserError(`--${option} is "${text}", ${label}`);
  return label;
}
