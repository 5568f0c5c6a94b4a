import { UserError } from "../engine/errors.ts";
import { type ByteSource, openFile } from "./byte_source.ts";
import type { StoredTensor } from "./host_tensor.ts";
import { readSafetensors } from "./safetensors.ts";
import { aboutUnbuilt, stateDictOf } from "./state_dict.ts";
import { looksLikeTorch, readTorchFile } from "./torch_file.ts";
import type { TorchTensor } from "./torch_objects.ts";

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
  /** Sentences for the user: what was left out of the file. */
  readonly notes: readonly string[];
  /** Closes the file; tensors cannot be read afterwards. */
  close(): void;
}

/**
 * Opens a checkpoint. Tensors are read one by one when they are asked for.
 *
 * @param say is told the notes, so that no command can forget to
 * @throws {UserError} naming the file and what is wrong with it
 */
export async function openStateFile(
  path: string,
  say: (note: string) => void = console.error,
): Promise<StateFile> {
  const source = await openFile(path);
  try {
    const file = await readStateFile(source);
    file.notes.forEach((note) => say(note));
    return file;
  } catch (error) {
    source.close();
    throw error;
  }
}

/** The same for a source that is open. */
export async function readStateFile(source: ByteSource): Promise<StateFile> {
  const { path, size } = source;
  const file = { path, size, close: () => source.close() };
  if (!looksLikeTorch(await source.read(0, Math.min(512, size)))) {
    const { tensors, metadata } = await readSafetensors(source);
    return { ...file, format: "safetensors", tensors, metadata, notes: [] };
  }
  const { value, unbuilt } = await readTorchFile(source);
  const { tensors, metadata } = stateDictOf(path, value);
  checkWork(path, size, tensors);
  const notes = aboutUnbuilt(path, unbuilt);
  return { ...file, format: "PyTorch", tensors: withoutModule(path, tensors), metadata, notes };
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

function withoutModule(path: string, tensors: ReadonlyMap<string, TorchTensor>) {
  const renamed = new Map<string, StoredTensor>();
  for (const [key, value] of tensors) {
    const name = key.replace(/^module\./, "");
    if (renamed.has(name)) throw new UserError(`${path} has the tensor ${name} twice`);
    renamed.set(name, value);
  }
  return renamed;
}
