import { UserError } from "../engine/errors.ts";
import { type ByteSource, part } from "./byte_source.ts";
import { ELEMENT_BYTES } from "./host_tensor.ts";
import { PickleError, type PickleValue, unpickle } from "./pickle.ts";
import { storageType, TorchStorage, TorchTensor, torchWorld } from "./torch_objects.ts";
import { contentsOf, readEntry, readZipDirectory } from "./zip.ts";

/** Largest pickle that is read; that of ResNet50's checkpoint with optimiser has 0.1 MB. */
const MOST_PICKLE = 2 ** 26;

/** Magic number and protocol version at the head of a legacy file. */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;

/**
 * What `torch.save` wrote: zip (PyTorch 1.6 and later), legacy stream, or the tar of PyTorch 0.1,
 * as which torchvision's resnet50-19c8e357.pth is published. Tensors are read when they are asked
 * for. No code of the file is run, see `unpickle`.
 *
 * @throws {UserError} naming the file, when it is damaged or holds anything but tensors and plain
 * containers
 */
export async function readTorchFile(source: ByteSource): Promise<PickleValue> {
  const head = await source.read(0, Math.min(512, source.size));
  const text = (from: number, to: number) => String.fromCharCode(...head.subarray(from, to));
  try {
    if (text(0, 4) === "PK\x03\x04") return await readZip(source);
    if (text(257, 262) === "ustar") return await readTar(source);
    return await readLegacy(source);
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    throw new UserError(`${source.path} is refused as a PyTorch file: ${error.message}`);
  }
}

/** True when a file begins as one of the three kinds does. */
export function looksLikeTorch(head: Uint8Array): boolean {
  const text = String.fromCharCode(...head.subarray(0, 512));
  return text.startsWith("PK\x03\x04") || text.slice(257, 262) === "ustar" ||
    (head[0] === 0x80 && head[1] <= 5);
}

async function readZip(source: ByteSource): Promise<PickleValue> {
  const entries = await readZipDirectory(source);
  const name = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (!name) {
    throw new UserError(
      `${source.path} is a zip without the data.pkl of a PyTorch file` +
        (entries.has("constants.pkl") ? ": TorchScript is not read" : ""),
    );
  }
  const root = name.slice(0, -"data.pkl".length);
  const order = entries.get(`${root}byteorder`);
  if (order && new TextDecoder().decode(await readEntry(source, order)) !== "little") {
    throw new UserError(`${source.path} was written by a big-endian machine`);
  }
  const data = entries.get(name)!;
  if (data.size > MOST_PICKLE) throw new PickleError(`its pickle has ${data.size} bytes`);
  const storages = new Map<string, TorchStorage>();
  const world = torchWorld((id) => {
    const { key, type, length } = storageId(id);
    const known = storages.get(key);
    if (known) return known;
    const entry = entries.get(`${root}data/${key}`);
    const width = ELEMENT_BYTES[type];
    if (!entry || entry.size !== length * width) {
      throw new PickleError(
        `storage ${key} should have ${length * width} bytes, but the zip has ${entry?.size ?? 0}`,
      );
    }
    const storage = new TorchStorage(type, length, async (from, count) => {
      // A checksum is there for the whole only; most tensors are the whole.
      if (count === length) return await readEntry(source, entry);
      return await source.read(await contentsOf(source, entry) + from * width, count * width);
    });
    storages.set(key, storage);
    return storage;
  });
  return unpickle(await readEntry(source, data), world).value;
}

async function readLegacy(source: ByteSource): Promise<PickleValue> {
  const bytes = await source.read(0, Math.min(source.size, MOST_PICKLE));
  // Storages come behind the object that refers to them, so where they are is filled in later.
  const places = new Map<string, number>();
  const storages = new Map<string, TorchStorage>();
  const world = torchWorld((id) => {
    const { key, type, length, view } = storageId(id);
    let storage = storages.get(key);
    if (!storage) {
      const width = ELEMENT_BYTES[type];
      storage = new TorchStorage(type, length, (from, count) => {
        return source.read(places.get(key)! + from * width, count * width);
      });
      storages.set(key, storage);
    }
    if (!view) return storage;
    const whole = storage;
    checkView(whole, view);
    return new TorchStorage(type, view.length, (from, count) => {
      return whole.read(view.offset + from, count);
    });
  });
  const magic = unpickle(bytes, world);
  if (magic.value !== LEGACY_MAGIC) {
    throw new PickleError("it does not begin with PyTorch's number");
  }
  const protocol = unpickle(bytes, world, magic.end);
  const system = unpickle(bytes, world, protocol.end);
  if (protocol.value !== LEGACY_PROTOCOL) throw new PickleError("its protocol is not 1001");
  if (system.value instanceof Map && system.value.get("little_endian") === false) {
    throw new PickleError("it was written by a big-endian machine");
  }
  const object = unpickle(bytes, world, system.end);
  const keys = unpickle(bytes, world, object.end);
  if (!Array.isArray(keys.value)) throw new PickleError("its list of storages is not a list");
  let at = keys.end;
  for (const key of keys.value) {
    const storage = storages.get(String(key));
    if (!storage) throw new PickleError(`storage ${String(key).slice(0, 50)} belongs to no tensor`);
    const length = storage.length;
    await expectCount(source, at, length, `storage ${key}`);
    places.set(String(key), at + 8);
    at += 8 + length * ELEMENT_BYTES[storage.type];
  }
  if (at > source.size) throw new PickleError("it is cut off");
  const missing = [...storages.keys()].find((key) => !places.has(key));
  if (missing !== undefined) throw new PickleError(`storage ${missing.slice(0, 50)} is not there`);
  return object.value;
}

async function readTar(source: ByteSource): Promise<PickleValue> {
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

  const storages = new Map<PickleValue, TorchStorage>();
  const file = member("storages");
  let { value: count, end: at } = await read(file, 0);
  for (let i = 0; i < Number(count); i++) {
    const header = await read(file, at);
    if (!Array.isArray(header.value)) throw new PickleError(`the head of storage ${i} is no tuple`);
    const [key, , kind] = header.value;
    const type = storageType(kind);
    const length = await readCount(file, header.end);
    const start = header.end + 8;
    const width = ELEMENT_BYTES[type];
    at = start + length * width;
    if (at > file.size) throw new PickleError(`storage ${i} is cut off`);
    storages.set(
      key,
      new TorchStorage(
        type,
        length,
        (from, count) => file.read(start + from * width, count * width),
      ),
    );
  }
  const views = await read(file, at);
  for (const view of Array.isArray(views.value) ? views.value : []) {
    const [target, root, offset, length] = Array.isArray(view) ? view : [];
    const whole = storages.get(root);
    if (!whole) throw new PickleError("a view of storages is of none");
    const place = { offset: Number(offset), length: Number(length) };
    checkView(whole, place);
    storages.set(
      target,
      new TorchStorage(
        whole.type,
        place.length,
        (from, count) => whole.read(place.offset + from, count),
      ),
    );
  }

  const tensors = new Map<string, TorchTensor>();
  const table = member("tensors");
  ({ value: count, end: at } = await read(table, 0));
  for (let i = 0; i < Number(count); i++) {
    const header = await read(table, at);
    const [key, storageKey] = Array.isArray(header.value) ? header.value : [];
    const storage = storages.get(storageKey);
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
    tensors.set(String(key), new TorchTensor(storage, numbers.at(-1)!, shape, strides));
  }

  const pickle = member("pickle");
  if (pickle.size > MOST_PICKLE) throw new PickleError(`its pickle has ${pickle.size} bytes`);
  const world = torchWorld((id) => {
    const key = Array.isArray(id) ? id[0] : id;
    const tensor = tensors.get(String(key));
    if (!tensor) throw new PickleError(`tensor ${String(key).slice(0, 50)} is not there`);
    return tensor;
  });
  return unpickle(await pickle.read(0, pickle.size), world).value;
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
      throw new PickleError(`its member "${name}" is cut off`);
    }
    members.set(name, part(source, at + 512, size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return members;
}

/** What the persistent id of a storage says: `("storage", class, key, device, length[, view])`. */
function storageId(id: PickleValue) {
  const [kind, type, key, , length, view] = Array.isArray(id) ? id : [];
  if (kind !== "storage" || typeof key !== "string" || !isCount(length)) {
    throw new PickleError("a persistent id is not that of a storage");
  }
  const [, offset, size] = Array.isArray(view) ? view : [];
  return {
    key,
    type: storageType(type),
    length,
    view: Array.isArray(view) ? { offset: Number(offset), length: Number(size) } : null,
  };
}

function checkView(whole: TorchStorage, { offset, length }: { offset: number; length: number }) {
  if (!isCount(offset) || !isCount(length) || offset + length > whole.length) {
    throw new PickleError(
      `a view of ${length} elements at ${offset} does not fit a storage of ${whole.length}`,
    );
  }
}

async function expectCount(source: ByteSource, at: number, count: number, what: string) {
  const found = await readCount(source, at);
  if (found !== count) {
    throw new PickleError(`${what} should have ${count} elements, but ${found} are announced`);
  }
}

async function readCount(source: ByteSource, at: number): Promise<number> {
  const count = Number(new DataView((await source.read(at, 8)).buffer).getBigInt64(0, true));
  if (!isCount(count)) throw new PickleError(`a count is ${count}`);
  return count;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
