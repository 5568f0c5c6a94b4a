import type { ByteSource } from "./byte_source.ts";
import { ELEMENT_BYTES } from "./host_tensor.ts";
import { PickleError, PickleGlobal, unpickle } from "./pickle.ts";
import { printable } from "./shown.ts";
import { keyText, partOf, readCount, sameStorage, storageId } from "./torch_storage.ts";
import { MOST_PICKLE, type TorchContents, TorchStorage, torchWorld } from "./torch_objects.ts";

/** Magic number and protocol version at the head. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/**
 * The stream that PyTorch wrote before 1.6: five pickles, then the storages.
 *
 * @throws {PickleError | UserError} when it is damaged
 */
export async function readTorchLegacy(source: ByteSource): Promise<TorchContents> {
  const bytes = await source.read(0, Math.min(source.size, MOST_PICKLE));
  // Storages come behind the object that refers to them, so where they are is filled in later.
  const places = new Map<string, number>();
  const storages = new Map<string, TorchStorage>();
  const world = torchWorld((id) => {
    // ("module", class, file, source): the class of a module, with its program.
    if (Array.isArray(id) && id[0] === "module" && id[1] instanceof PickleGlobal) return id[1];
    const { key, type, className, length, view } = storageId(id);
    // How many bytes to step over would be a guess.
    if (!type) throw new PickleError(`${className} is not a type of storage that can be read`);
    let storage = storages.get(key);
    if (!storage) {
      const width = ELEMENT_BYTES[type];
      storage = new TorchStorage(type, length, (from, count) => {
        return source.read(places.get(key)! + from * width, count * width);
      });
      storages.set(key, storage);
    }
    sameStorage(storage, type, length);
    return view ? partOf(storage, view) : storage;
  });
  const magic = unpickle(bytes, world);
  if (magic.value !== MAGIC) throw new PickleError("it does not begin with PyTorch's number");
  const protocol = unpickle(bytes, world, magic.end);
  const system = unpickle(bytes, world, protocol.end);
  if (protocol.value !== PROTOCOL) throw new PickleError("its protocol is not 1001");
  if (system.value instanceof Map && system.value.get("little_endian") === false) {
    throw new PickleError("it was written by a big-endian machine");
  }
  const object = unpickle(bytes, world, system.end);
  const keys = unpickle(bytes, world, object.end);
  if (!Array.isArray(keys.value)) throw new PickleError("its list of storages is not a list");
  let at = keys.end;
  for (const value of keys.value) {
    const key = keyText(value);
    const storage = storages.get(key);
    if (!storage) throw new PickleError(`storage ${key} belongs to no tensor`);
    if (places.has(key)) throw new PickleError(`storage ${key} is there twice`);
    const found = await readCount(source, at);
    if (found !== storage.length) {
      throw new PickleError(
        `storage ${key} should have ${storage.length} elements, but ${found} are announced`,
      );
    }
    places.set(key, at + 8);
    at += 8 + storage.length * ELEMENT_BYTES[storage.type];
  }
  if (at > source.size) throw new PickleError("it is cut off");
  const missing = [...storages.keys()].find((key) => !places.has(key));
  if (missing !== undefined) throw new PickleError(`storage ${printable(missing)} is not there`);
  return { value: object.value, unbuilt: world.unbuilt };
}
