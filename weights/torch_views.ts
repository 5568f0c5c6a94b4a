import type { ByteSource } from "./byte_source.ts";
import { PickleError, type PickleValue } from "./pickle.ts";
import { isCount, TorchStorage } from "./torch_objects.ts";
import { shown } from "./shown.ts";

/**
 * A part of a storage as a storage of its own.
 *
 * @param offset and `length` as a pickle has them: anything
 * @throws {PickleError} when the part reaches beyond the storage
 */
export function viewOf(
  whole: TorchStorage,
  { offset, length }: { readonly offset: PickleValue; readonly length: PickleValue },
): TorchStorage {
  if (!isCount(offset) || !isCount(length) || offset + length > whole.length) {
    throw new PickleError(
      `a view of ${shown(length)} elements at ${shown(offset)} does not fit a storage of ` +
        `${whole.length}`,
    );
  }
  return new TorchStorage(whole.type, length, (from, count) => whole.read(offset + from, count));
}

/**
 * A count that stands before the numbers it counts: a little-endian i64.
 *
 * @throws {PickleError} when it is none
 */
export async function readCount(source: ByteSource, at: number): Promise<number> {
  const count = Number(new DataView((await source.read(at, 8)).buffer).getBigInt64(0, true));
  if (!isCount(count)) throw new PickleError(`a count is ${count}`);
  return count;
}
