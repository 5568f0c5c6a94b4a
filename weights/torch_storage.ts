import type { ByteSource } from "./byte_source.ts";
import type { ElementType } from "./host_tensor.ts";
import { PickleError, type PickleGlobal, type PickleValue } from "./pickle.ts";
import { printable, shown } from "./shown.ts";
import { dotted, isCount, storageType, TorchStorage } from "./torch_objects.ts";

/** Longest key of a storage: PyTorch writes numbers. */
const LONGEST_KEY = 200;

/** What a persistent id says of a storage. */
export interface StorageId {
  readonly key: string;
  /** Null for a type that is not known here. */
  readonly type: ElementType | null;
  /** The class that says the type, e.g. `torch.FloatStorage`. */
  readonly className: string;
  /** Number of elements. */
  readonly length: number;
  /** The part that is meant, in legacy files; null for the whole. */
  readonly view: StorageView | null;
}

/** Some elements of a storage. */
export interface StorageView {
  readonly offset: number;
  readonly length: number;
}

/**
 * Reads `("storage", class, key, device, length[, (key, offset, length)])`.
 *
 * @throws {PickleError} when the id is something else
 */
export function storageId(id: PickleValue): StorageId {
  const [kind, type, key, , length, view] = Array.isArray(id) ? id : [];
  if (kind !== "storage" || typeof key !== "string" || !isCount(length)) {
    throw new PickleError("a persistent id is not that of a storage");
  }
  if (key.length > LONGEST_KEY) throw new PickleError(`a storage's key has ${key.length} letters`);
  return {
    key,
    type: storageType(type),
    className: dotted((type as PickleGlobal).name),
    length,
    view: Array.isArray(view) ? storageView(view[1], view[2]) : null,
  };
}

/** @throws {PickleError} when offset or length is no count */
export function storageView(offset: PickleValue, length: PickleValue): StorageView {
  if (isCount(offset) && isCount(length)) return { offset, length };
  throw new PickleError(
    `a view of a storage has offset ${shown(offset)} and length ${shown(length)}`,
  );
}

/**
 * A part of a storage as a storage of its own.
 *
 * @throws {PickleError} when it reaches beyond the whole
 */
export function partOf(whole: TorchStorage, { offset, length }: StorageView): TorchStorage {
  if (offset + length > whole.length) {
    throw new PickleError(
      `a view of ${length} elements at ${offset} does not fit a storage of ${whole.length}`,
    );
  }
  return new TorchStorage(whole.type, length, (from, count) => whole.read(offset + from, count));
}

/**
 * A storage that is referred to again: as what it was at first, for its bytes would be other
 * numbers else.
 *
 * @throws {PickleError} when type or length differ
 */
export function sameStorage(known: TorchStorage, type: ElementType, length: number): TorchStorage {
  if (known.type === type && known.length === length) return known;
  throw new PickleError(
    `a storage is ${known.length} elements of ${known.type} in one place and ${length} of ${type} ` +
      "in another",
  );
}

/**
 * A key as a text: files of the first versions have numbers in one place and texts in another.
 *
 * @throws {PickleError} when it is neither
 */
export function keyText(key: PickleValue): string {
  if (typeof key === "number" || typeof key === "bigint") return String(key);
  if (typeof key === "string") return printable(key, LONGEST_KEY);
  throw new PickleError(`a key is ${shown(key)}, expected a text or a number`);
}

/**
 * A count of eight bytes.
 *
 * @throws {PickleError} when it is below 0 or too large
 */
export async function readCount(source: ByteSource, at: number): Promise<number> {
  const count = Number(new DataView((await source.read(at, 8)).buffer).getBigInt64(0, true));
  if (!isCount(count)) throw new PickleError(`a count is ${count}`);
  return count;
}
