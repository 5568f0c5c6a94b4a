import { type ByteSource, part } from "./byte_source.ts";
import { ELEMENT_BYTES } from "./host_tensor.ts";
import { PickleError, type PickleValue, unpickle } from "./pickle.ts";
import { printable, shown } from "./shown.ts";
import { MOST_PICKLE, type TorchContents } from "./torch_file.ts";
import { isCount, storageType, TorchStorage, TorchTensor, torchWorld } from "./torch_objects.ts";
import { readCount, viewOf } from "./torch_views.ts";

/**
 * The tar of PyTorch 0.1: members `storages`, `tensors` and `pickle`, see docs of `readTorchFile`.
 *
 * @throws {PickleError} when it is damaged
 */
export async function readTar(source: ByteSource): Promise<TorchContents> {
  const members = await tarMembers(source);
  const member = (name: string): ByteSource => {
    const found = members.get(name);
    if (!found) throw new PickleError(`its member "${name}" is missing`);
    return found;
  };
  const nothing = torchWorld(() => {
    throw new PickleError("a persistent id stands where none is expected");
  });
  const read = async (source: ByteSource, at: number) => {
    // Storages' headers are short; a state dict may be as long as any pickle.
    const window = await source.read(at, Math.min(source.size - at, 2 ** 16));
    const { value, end } = unpickle(window, nothing);
    return { value, end: at + end };
  };

  const storages = new Map<string, TorchStorage>();
  const file = member("storages");
  let { value: count, end: at } = await read(file, 0);
  for (let i = 0; i < counted(count); i++) {
    const header = await read(file, at);
    if (!Array.isArray(header.value)) throw new PickleError(`the head of storage ${i} is no tuple`);
    const [key, , kind] = header.value;
    const type = storageType(kind);
    if (type === null) throw new PickleError(`storage ${i} has elements of an unknown type`);
    const length = await readCount(file, header.end);
    const start = header.end + 8;
    const width = ELEMENT_BYTES[type];
    at = start + length * width;
    if (at > file.size) throw new PickleError(`storage ${i} is cut off`);
    storages.set(
      keyOf(key),
      new TorchStorage(
        type,
        length,
        (from, count) => file.read(start + from * width, count * width),
      ),
    );
  }
  const views = await read(file, at);
  for (const view of Array.isArray(views.value) ? views.value : []) {
    const [target = null, root = null, offset = null, length = null] = Array.isArray(view)
      ? view
      : [];
    const whole = storages.get(keyOf(root));
    if (!whole) throw new PickleError("a view of storages is of none");
    storages.set(keyOf(target), viewOf(whole, { offset, length }));
  }

  const tensors = new Map<string, TorchTensor>();
  const table = member("tensors");
  ({ value: count, end: at } = await read(table, 0));
  for (let i = 0; i < counted(count); i++) {
    const header = await read(table, at);
    const [key = null, storageKey = null] = Array.isArray(header.value) ? header.value : [];
    const storage = storages.get(keyOf(storageKey));
    if (!storage) throw new PickleError(`tensor ${i} has no storage`);
    const dimensions = new DataView((await table.read(header.end, 4)).buffer).getInt32(0, true);
    if (!(dimensions >= 0 && dimensions <= 16)) {
      throw new PickleError(`tensor ${i} has ${dimensions} dimensions`);
    }
    at = header.end + 8;
    const numbers: number[] = [];
    for (let k = 0; k < 2 * dimensions + 1; k++) {
      numbers.push(await readCount(table, at));
      at += 8;
    }
    const shape = numbers.slice(0, dimensions);
    const strides = numbers.slice(dimensions, -1);
    tensors.set(keyOf(key), new TorchTensor(storage, numbers.at(-1)!, shape, strides));
  }

  const pickle = member("pickle");
  if (pickle.size > MOST_PICKLE) throw new PickleError(`its pickle has ${pickle.size} bytes`);
  const world = torchWorld((id) => {
    const key = Array.isArray(id) ? id[0] ?? null : id;
    const tensor = tensors.get(keyOf(key));
    if (!tensor) throw new PickleError(`tensor ${shown(key)} is not there`);
    return tensor;
  });
  const { value } = unpickle(await pickle.read(0, pickle.size), world);
  return { value, unbuilt: [...world.unbuilt] };
}

/** A key of the tables: a text, or a number as a text. Nothing else is made into one. */
function keyOf(key: PickleValue): string {
  if (typeof key === "string") return key;
  if (typeof key === "number" || typeof key === "bigint") return String(key);
  throw new PickleError(`${shown(key)} stands where a key is expected`);
}

function counted(value: PickleValue): number {
  if (isCount(value)) return value;
  throw new PickleError(`${shown(value)} stands where a count is expected`);
}

/** The members of a tar, by name. */
async function tarMembers(source: ByteSource): Promise<Map<string, ByteSource>> {
  const members = new Map<string, ByteSource>();
  for (let at = 0; at + 512 <= source.size && members.size < 100;) {
    const header = await source.read(at, 512);
    const field = (from: number, length: number) =>
      new TextDecoder().decode(header.subarray(from, from + length)).replace(/[\0 ].*$/s, "");
    const name = field(0, 100).replace(/^\.\//, "");
    if (name === "") break;
    const size = parseInt(field(124, 12), 8);
    if (!(size >= 0 && at + 512 + size <= source.size)) {
      throw new PickleError(`its member "${printable(name, 50)}" is cut off`);
    }
    members.set(name, part(source, at + 512, size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return members;
}
