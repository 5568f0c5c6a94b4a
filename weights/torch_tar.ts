import { type ByteSource, part } from "./byte_source.ts";
import { ELEMENT_BYTES } from "./host_tensor.ts";
import { PickleError, type PickleValue, unpickle } from "./pickle.ts";
import { printable, shown } from "./shown.ts";
import { keyText, partOf, readCount, storageView } from "./torch_storage.ts";
import {
  isCount,
  MOST_PICKLE,
  storageType,
  type TorchContents,
  TorchStorage,
  TorchTensor,
  torchWorld,
} from "./torch_objects.ts";

/** Most storages and tensors that are read; a network has some hundreds. */
const MOST_PARTS = 100_000;

/**
 * The tar of PyTorch 0.1, as which torchvision's resnet50-19c8e357.pth is published: members
 * `storages`, `tensors` and `pickle`, the last of which refers to the tensors.
 *
 * @throws {PickleError | UserError} when it is damaged, or a tar of something else
 */
export async function readTorchTar(source: ByteSource): Promise<TorchContents> {
  const members = await tarMembers(source);
  const member = (name: string): ByteSource => {
    const found = members.get(name);
    if (found) return found;
    const [first = "nothing"] = members.keys();
    throw new PickleError(
      `its member "${name}" is missing (if it is a tar of other files, ${printable(first, 60)} ` +
        "say, unpack it first)",
    );
  };
  const tensors = await readTensors(member("tensors"), await readStorages(member("storages")));
  const pickle = member("pickle");
  if (pickle.size > MOST_PICKLE) throw new PickleError(`its pickle has ${pickle.size} bytes`);
  const world = torchWorld((id) => {
    const key = keyText(Array.isArray(id) ? id[0] : id);
    const tensor = tensors.get(key);
    if (!tensor) throw new PickleError(`tensor ${key} is not there`);
    return tensor;
  });
  const { value } = unpickle(await pickle.read(0, pickle.size), world);
  return { value, unbuilt: world.unbuilt };
}

/** The storages and the views of them, by key: one after the other, the views behind. */
async function readStorages(file: ByteSource): Promise<ReadonlyMap<string, TorchStorage>> {
  const storages = new Map<string, TorchStorage>();
  let { count, end: at } = await readHead(file, "storages");
  for (let i = 0; i < count; i++) {
    const { value, end } = await readPickle(file, at);
    if (!Array.isArray(value)) throw new PickleError(`the head of storage ${i} is no tuple`);
    const [key, , kind] = value;
    const type = storageType(kind);
    if (!type) throw new PickleError(`storage ${i} is of a type that is not known`);
    const length = await readCount(file, end);
    const start = end + 8;
    const width = ELEMENT_BYTES[type];
    at = start + length * width;
    if (at > file.size) throw new PickleError(`storage ${i} is cut off`);
    storages.set(
      keyText(key),
      new TorchStorage(
        type,
        length,
        (from, count) => file.read(start + from * width, count * width),
      ),
    );
  }
  const views = await readPickle(file, at);
  for (const view of Array.isArray(views.value) ? views.value : []) {
    const [target, root, offset, length] = Array.isArray(view) ? view : [];
    const whole = storages.get(keyText(root));
    if (!whole) throw new PickleError("a view of storages is of none");
    storages.set(keyText(target), partOf(whole, storageView(offset, length)));
  }
  return storages;
}

/** The tensors by key: where each begins in its storage, its shape and strides. */
async function readTensors(
  file: ByteSource,
  storages: ReadonlyMap<string, TorchStorage>,
): Promise<ReadonlyMap<string, TorchTensor>> {
  const tensors = new Map<string, TorchTensor>();
  let { count, end: at } = await readHead(file, "tensors");
  for (let i = 0; i < count; i++) {
    const { value, end } = await readPickle(file, at);
    const [key, storageKey] = Array.isArray(value) ? value : [];
    const storage = storages.get(keyText(storageKey));
    if (!storage) throw new PickleError(`tensor ${i} has no storage`);
    const dimensions = new DataView((await file.read(end, 4)).buffer).getInt32(0, true);
    if (!(dimensions >= 0 && dimensions <= 16)) {
      throw new PickleError(`tensor ${i} has ${dimensions} dimensions`);
    }
    at = end + 8;
    const numbers: number[] = [];
    for (let k = 0; k < 2 * dimensions + 1; k++) {
      numbers.push(await readCount(file, at));
      at += 8;
    }
    const shape = numbers.slice(0, dimensions);
    const strides = numbers.slice(dimensions, -1);
    tensors.set(keyText(key), new TorchTensor(storage, numbers.at(-1)!, shape, strides));
  }
  return tensors;
}

/** How many things a member says that it holds. */
async function readHead(file: ByteSource, what: string): Promise<{ count: number; end: number }> {
  const { value, end } = await readPickle(file, 0);
  if (!isCount(value) || value > MOST_PARTS) {
    throw new PickleError(`its number of ${what} is ${shown(value)}`);
  }
  return { count: value, end };
}

/** A short pickle: the head of a storage or tensor, or the list of views. */
async function readPickle(
  source: ByteSource,
  at: number,
): Promise<{ value: PickleValue; end: number }> {
  const nothing = torchWorld(() => {
    throw new PickleError("a persistent id stands where none is expected");
  });
  const window = await source.read(at, Math.min(source.size - at, 2 ** 16));
  const { value, end } = unpickle(window, nothing);
  return { value, end: at + end };
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
      throw new PickleError(`its member "${printable(name)}" is cut off`);
    }
    members.set(name, part(source, at + 512, size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return members;
}
