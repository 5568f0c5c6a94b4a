import { DATASET_NAMES } from "../../data/open.ts";
import { UserError } from "../../engine/errors.ts";
import { reasonOf } from "../../engine/reason.ts";
import { writeAtomically } from "../../weights/atomic_write.ts";
import { bytesSource } from "../../weights/byte_source.ts";
import { CHECKSUMS, describeChecksums } from "../../weights/checksums.ts";
import { expectFinite } from "../../weights/finite.ts";
import type { HostTensor } from "../../weights/host_tensor.ts";
import { toFile } from "../../weights/layout.ts";
import { encodeSafetensors } from "../../weights/safetensors.ts";
import { shown } from "../../weights/shown.ts";
import { readStateFile } from "../../weights/state_file.ts";
import type { Classifier } from "../classifier.ts";
import type { CheckpointHeader } from "./checkpoint_header.ts";
import { type Checkpoint, CHECKPOINT_FORMAT, checkpointIn } from "./restore.ts";
import type { StateEntry } from "../module.ts";
import { TRAINING_STATE } from "../training/sgd.ts";

/**
 * Saves a model, what training keeps besides it, and progress as safetensors, with torchvision's
 * names and PyTorch's layouts. The file is replaced in one step: a reader sees the old one or the new
 * one.
 *
 * @param training the state of optimiser and objective
 * @throws {UserError} when a value is NaN or infinite: the file is left as it is
 */
export async function saveCheckpoint(
  path: string,
  model: Classifier,
  training: Iterable<StateEntry>,
  header: CheckpointHeader,
): Promise<void> {
  const tensors = new Map<string, HostTensor>();
  for (const { name, tensor } of [...model.state(), ...training]) {
    tensors.set(name, await toFile(tensor));
  }
  for (const [name, tensor] of tensors) expectFinite(`${path} is not written`, name, tensor);
  const metadata = {
    format: CHECKPOINT_FORMAT,
    header: JSON.stringify(header),
    [CHECKSUMS]: describeChecksums(tensors),
  };
  await writeAtomically(path, await encodeSafetensors({ tensors, metadata }));
}

/**
 * Reads a checkpoint that `saveCheckpoint` wrote, to go on from.
 *
 * @throws {UserError} when the file is missing, damaged, something else, or of data not known here
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw new UserError(`The checkpoint ${path} cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  const checkpoint = await checkpointIn(await readStateFile(bytesSource(bytes, path)));
  const { name } = checkpoint.header.dataset;
  if (!DATASET_NAMES.some((known) => known === name)) {
    throw new UserError(
      `${path} is damaged: dataset.name in its header is ${shown(name)}, expected one of ` +
        DATASET_NAMES.join(", "),
    );
  }
  if (![...checkpoint.tensors.keys()].some((tensor) => tensor.startsWith(TRAINING_STATE))) {
    throw new UserError(
      `${path} holds no momentum, as a copy that ./calm convert made: training goes on only from ` +
        "the checkpoint that it wrote itself",
    );
  }
  return checkpoint;
}
