import type { Dataset } from "../../../data/dataset.ts";
import type { Prior } from "../../../model/calm/location.ts";
import type { Method } from "../../../model/methods.ts";
import type { OpenedModel } from "../../../model/stored/open_model.ts";
import { sha256 } from "../../../weights/sha256.ts";
import type { Supersets } from "../supersets.ts";

/** What is evaluated: counts of different subjects cannot be put together. */
export interface Subject {
  /** SHA-256 of the checkpoint file, and which of its tables of weights where it has several. */
  readonly checkpoint: string;
  readonly arch: string;
  readonly method: Method;
  /** What a file of another program does not say, so that the user has to. */
  readonly prior: Prior;
  readonly largeFeatureMap: boolean;
  readonly skipMixed6e: boolean;
  /** Of ACoL; null for other methods. */
  readonly acolThreshold: number | null;
  /** Complete epochs of training; null where the file does not say. */
  readonly epochs: number | null;
  readonly dataset: string;
  readonly classes: readonly string[];
  /** Side of the pictures that the model takes. */
  readonly crop: number;
  /** Numbers differ in their last digits between batch sizes. */
  readonly batchSize: number;
  /** Standard deviation of the Gaussian over gradient maps. */
  readonly blur: number;
  /** Of the noise of the SmoothGrad family. */
  readonly seed: number;
  /** Classes that `subset` adds up, by class; null for the class alone. */
  readonly supersets: readonly (readonly number[])[] | null;
}

/**
 * @throws {UserError} when the checkpoint cannot be read
 */
export async function describeSubject(
  checkpoint: string,
  { options, crop, epochs, dictionary }: Pick<
    OpenedModel,
    "options" | "crop" | "epochs" | "dictionary"
  >,
  { name, classes }: Pick<Dataset, "name" | "classes">,
  { batchSize, blur = 0, seed = 0, supersets }: {
    readonly batchSize: number;
    readonly blur?: number;
    readonly seed?: number;
    readonly supersets: Supersets | null;
  },
): Promise<Subject> {
  const { arch, method, prior, largeFeatureMap = false, skipMixed6e = false } = options;
  const { acolThreshold = null } = options;
  return {
    checkpoint: await sha256(checkpoint) + (dictionary === undefined ? "" : ` ${dictionary}`),
    arch,
    method,
    prior,
    largeFeatureMap,
    skipMixed6e,
    acolThreshold,
    epochs: epochs ?? null,
    dataset: name,
    classes,
    crop,
    batchSize,
    blur,
    seed,
    supersets: supersets ? classes.map((_, label) => supersets(label)) : null,
  };
}
