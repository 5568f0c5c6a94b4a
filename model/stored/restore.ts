import { UserError } from "../../engine/errors.ts";
import { verifiedTensors } from "../../weights/checksums.ts";
import { readWeights } from "../../weights/finite.ts";
import type { HostTensor } from "../../weights/host_tensor.ts";
import { fromFile, shapeInFile } from "../../weights/layout.ts";
import type { StateFile } from "../../weights/state_file.ts";
import { type CheckpointHeader, parseHeader } from "./checkpoint_header.ts";
import type { Classifier } from "../classifier.ts";
import { lastWeight } from "../methods.ts";
import type { StateEntry } from "../module.ts";
import { TRAINING_STATE } from "../training/sgd.ts";

/** A checkpoint file's contents. */
export interface Checkpoint {
  readonly path: string;
  readonly header: CheckpointHeader;
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/** What the metadata of this program's checkpoints say of their format. */
export const CHECKPOINT_FORMAT = "calm-checkpoint-1";

/**
 * The checkpoint of this program in an open file. Every tensor is read.
 *
 * @throws {UserError} when it is damaged or something else
 */
export async function checkpointIn(file: StateFile): Promise<Checkpoint> {
  const { path, metadata, tensors } = file;
  if (metadata.format !== CHECKPOINT_FORMAT) {
    throw new UserError(
      `${path} is not a checkpoint of this program: its format is ` +
        `${metadata.format ?? "not given"}, expected ${CHECKPOINT_FORMAT}`,
    );
  }
  const header = parseHeader(path, metadata.header);
  const { classes, method } = header.model;
  const last = lastWeight(method);
  const found = tensors.get(last)?.shape[0];
  // A model is built of what the header says before its tensors are compared.
  if (found !== classes) {
    throw new UserError(
      `${path} is damaged: model.classes in its header is ${classes}, but ${last} ` +
        (found === undefined ? "is missing" : `is of ${found}`),
    );
  }
  const read = new Map<string, HostTensor>();
  for (const [name, tensor] of verifiedTensors(file)) {
    read.set(name, await readWeights(path, name, tensor));
  }
  return { path, header, tensors: read };
}

/**
 * Puts a checkpoint's tensors into a model.
 *
 * @param training what training keeps besides the model (of the optimiser, of the objective), where
 * it is to go on; default: that is left in the file
 * @throws {UserError} when a tensor is missing, left over or of another shape, naming it
 */
export function restore(
  checkpoint: Checkpoint,
  model: Classifier,
  training?: Iterable<StateEntry>,
): void {
  const left = new Set(checkpoint.tensors.keys());
  const entries: StateEntry[] = [...model.state(), ...training ?? []];
  const found = entries.map(({ name, tensor }) => {
    const stored = checkpoint.tensors.get(name);
    if (!stored) throw new UserError(`${checkpoint.path} has no tensor ${name}`);
    const { shape, data } = fromFile(stored);
    if (shape.join() !== tensor.shape.join()) {
      throw new UserError(
        `${checkpoint.path}: ${name} has shape [${stored.shape}], but the model of ` +
          `${model.method} with these options needs [${shapeInFile(tensor.shape)}]`,
      );
    }
    left.delete(name);
    return { tensor, data };
  });
  const extra = [...left].filter((name) => training || !name.startsWith(TRAINING_STATE));
  if (extra.length > 0) {
    throw new UserError(
      `${checkpoint.path} has ${extra.length} tensors that this model does not: ${extra[0]} …`,
    );
  }
  // Only now, so that a checkpoint that does not fit changes nothing.
  for (const { tensor, data } of found) tensor.write(data);
}
