import { UserError } from "../engine/errors.ts";
import { type ByteSource, openFile } from "./byte_source.ts";
import type { StoredTensor } from "./host_tensor.ts";
import { readOwnRecord } from "./own_record.ts";
import type { PickleValue } from "./pickle.ts";
import { readSafetensors } from "./safetensors.ts";
import { looksLikeTorch, readTorchFile } from "./torch_file.ts";
import { TorchTensor } from "./torch_objects.ts";

/** The tensors of a checkpoint of any format that is known. */
export interface StateFile {
  readonly path: string;
  readonly format: "safetensors" | "PyTorch";
  /** Bytes of the file. */
  readonly size: number;
  /** Names as a network has them: without the file's own `state_dict` and `module.`. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /**
   * Texts and numbers beside the tensors: a safetensors file's metadata, or `epoch` and the like
   * and what this program wrote with them.
   */
  readonly metadata: Readonly<Record<string, string>>;
  /** Closes the file; tensors cannot be read afterwards. */
  close(): void;
}

/** Where training programs put the network's tensors beside the optimiser's. */
const STATE_KEYS = ["state_dict", "model_state_dict", "model", "net"];

/**
 * Opens a checkpoint. Tensors are read one by one when they are asked for.
 *
 * @throws {UserError} naming the file and what is wrong with it
 */
export async function openStateFile(path: string): Promise<StateFile> {
  const source = await openFile(path);
  try {
    return await readStateFile(source);
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
    return { ...file, format: "safetensors", tensors, metadata };
  }
  const object = await readTorchFile(source);
  const [state, outer] = findState(path, object);
  const tensors = new Map<string, StoredTensor>();
  for (const [key, value] of state) {
    if (!(value instanceof TorchTensor)) continue;
    const name = String(key).replace(/^module\./, "");
    if (tensors.has(name)) throw new UserError(`${path} has the tensor ${name} twice`);
    tensors.set(name, value);
  }
  const metadata: Record<string, string> = {};
  for (const [key, value] of outer) {
    if (typeof value === "string" || typeof value === "number") {
      metadata[String(key)] = String(value);
    }
  }
  Object.assign(metadata, await readOwnRecord(source));
  return { ...file, format: "PyTorch", tensors, metadata };
}

type Dictionary = Map<PickleValue, PickleValue>;

/** The dictionary of tensors, and what stands around it. */
function findState(path: string, object: PickleValue): [Dictionary, Dictionary] {
  const hasTensors = (value: unknown): value is Dictionary =>
    value instanceof Map && [...value.values()].some((entry) => entry instanceof TorchTensor);
  if (object instanceof Map) {
    for (const key of STATE_KEYS) {
      const inner = object.get(key);
      if (hasTensors(inner)) return [inner, object];
    }
    if (hasTensors(object)) return [object, new Map()];
  }
  throw new UserError(
    `${path} holds no tensors by name: a state dict is expected, or a dictionary that has one as ` +
      STATE_KEYS.join(", "),
  );
}
