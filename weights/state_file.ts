import { UserError } from "../engine/errors.ts";
import { type ByteSource, openFile } from "./byte_source.ts";
import { fileKind } from "./file_kind.ts";
import type { StoredTensor } from "./host_tensor.ts";
import { readSafetensors } from "./safetensors.ts";
import { findStateDict, withoutPrefixes } from "./state_dict.ts";
import { looksLikeTorch, readTorchFile } from "./torch_file.ts";

/** The tensors of a checkpoint of any format that is known. */
export interface StateFile {
  readonly path: string;
  readonly format: "safetensors" | "PyTorch";
  /** Bytes of the file. */
  readonly size: number;
  /** Names as a network has them: without the file's own `state_dict` and `module.`. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Texts and numbers beside the tensors: a safetensors file's metadata, or `epoch` and the like. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What a person should know of how the file was read, a sentence each. */
  readonly notes: readonly string[];
  /** Closes the file; tensors cannot be read afterwards. */
  close(): void;
}

/** How a file is read. */
export interface StateFileOptions {
  /** Which weights of a PyTorch file that has several: `ema`, say. Default the plain ones. */
  readonly weights?: string;
}

/** Enough of a file to know what it is. */
const HEAD = 4096;

/**
 * Opens a checkpoint. Tensors are read one by one when they are asked for.
 *
 * @throws {UserError} naming the file and what is wrong with it
 */
export async function openStateFile(
  path: string,
  options: StateFileOptions = {},
): Promise<StateFile> {
  const source = await openFile(path);
  try {
    return await readStateFile(source, options);
  } catch (error) {
    source.close();
    throw error;
  }
}

/** The same for a source that is open. */
export async function readStateFile(
  source: ByteSource,
  { weights }: StateFileOptions = {},
): Promise<StateFile> {
  const { path, size } = source;
  const file = { path, size, close: () => source.close() };
  const head = await source.read(0, Math.min(HEAD, size));
  if (looksLikeTorch(head)) {
    const { value, unbuilt } = await readTorchFile(source);
    const { tensors, metadata, note } = findStateDict(path, value, { wanted: weights, unbuilt });
    const notes = note === null ? [] : [note];
    if (unbuilt.length > 0) {
      notes.push(`${path}: objects beside the tensors were left out: ${unbuilt.join(", ")}`);
    }
    const named = withoutPrefixes(path, tensors);
    return { ...file, format: "PyTorch", tensors: named, metadata, notes };
  }
  const kind = fileKind(head);
  if (kind !== null) throw new UserError(`${path} is no checkpoint: it ${kind}`);
  if (weights !== undefined) {
    throw new UserError(`--weights is for PyTorch files that hold several, not for ${path}`);
  }
  const { tensors, metadata } = await readSafetensors(source);
  const named = withoutPrefixes(path, tensors);
  return { ...file, format: "safetensors", tensors: named, metadata, notes: [] };
}
