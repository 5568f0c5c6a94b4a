import { UserError } from "../engine/errors.ts";
import { type ByteSource, openFile } from "./byte_source.ts";
import type { StoredTensor } from "./host_tensor.ts";
import { refuseOtherKinds } from "./other_kinds.ts";
import { readOwnRecord } from "./own_record.ts";
import { withoutPrefixes } from "./prefixes.ts";
import { readSafetensors } from "./safetensors.ts";
import { shown } from "./shown.ts";
import { stateDictOf } from "./state_dict.ts";
import { looksLikeTorch, readTorchFile } from "./torch_file.ts";
import type { TorchTensor } from "./torch_objects.ts";

/** The tensors of a checkpoint of any format that is known. */
export interface StateFile {
  /** Named in messages. */
  readonly path: string;
  /** What kind of file it is. */
  readonly format: "safetensors" | "PyTorch";
  /** Bytes of the file. */
  readonly size: number;
  /** Names as a network has them: without `module.`, `_orig_mod.` and `model.` in front. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /**
   * Texts and numbers beside the tensors: a safetensors file's metadata, or `epoch` and the like
   * and what this program wrote with them.
   */
  readonly metadata: Readonly<Record<string, string>>;
  /** Key of the dictionary of tensors that was taken, where the file has several. */
  readonly dictionary?: string;
  /** Sentences for the user: what was chosen in the file, and what was left out. */
  readonly notes: readonly string[];
  /** Closes the file; tensors cannot be read afterwards. */
  close(): void;
}

/** What to take of a file. */
export interface StateFileOptions {
  /** The key of a dictionary of tensors, or a part of it. Default: the plain weights. */
  readonly weights?: string;
}

/** How it is opened by its path. */
export interface OpeningOptions extends StateFileOptions {
  /** Told the notes, so that no command can forget to; default: standard error. */
  readonly say?: (note: string) => void;
}

/**
 * Opens a checkpoint. Tensors are read one by one when they are asked for.
 *
 * @throws {UserError} naming the file and what is wrong with it
 */
export async function openStateFile(
  path: string,
  { say = console.error, ...options }: OpeningOptions = {},
): Promise<StateFile> {
  const source = await openFile(path);
  try {
    const file = await readStateFile(source, options);
    file.notes.forEach((note) => say(note));
    return file;
  } catch (error) {
    source.close();
    throw error;
  }
}

/** The same for a source that is open; whoever asks shows the notes. */
export async function readStateFile(
  source: ByteSource,
  { weights }: StateFileOptions = {},
): Promise<StateFile> {
  const { path, size } = source;
  const file = { path, size, close: () => source.close() };
  const head = await source.read(0, Math.min(512, size));
  if (looksLikeTorch(head)) {
    const { tensors, ...rest } = stateDictOf(path, await readTorchFile(source), weights);
    checkWork(path, size, tensors);
    const metadata = { ...rest.metadata, ...await readOwnRecord(source) };
    const named = withoutPrefixes(path, tensors);
    return { ...file, format: "PyTorch", ...rest, metadata, tensors: named };
  }
  await refuseOtherKinds(source, head);
  if (weights !== undefined) {
    throw new UserError(
      `--weights is ${shown(weights)}, but ${path} is a safetensors file, which has only one table`,
    );
  }
  const { tensors, metadata } = await readSafetensors(source);
  if (tensors.size === 0) throw new UserError(`${path} holds no tensors`);
  const rest = { metadata, notes: [] };
  return { ...file, format: "safetensors", ...rest, tensors: withoutPrefixes(path, tensors) };
}

/** Largest sum of all tensors in sizes of the file: a few tensors may share a storage. */
const MOST_SHARED = 64;

/**
 * Tensors may be views of one storage, so that a short file could make any amount of work.
 *
 * @throws {UserError} when they are too many bytes for the file
 */
function checkWork(path: string, size: number, tensors: ReadonlyMap<string, TorchTensor>): void {
  const bytes = tensors.values().reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  if (bytes <= MOST_SHARED * size) return;
  throw new UserError(
    `${path} is refused: its ${tensors.size} tensors share their storages so that they have ` +
      `${bytes} bytes, ${Math.round(bytes / size)} times those of the file`,
  );
}
