import { UserError } from "../engine/errors.ts";
import type { ByteSource } from "./byte_source.ts";
import { ELEMENT_BYTES } from "./host_tensor.ts";
import { PickleError, PickleGlobal, type PickleValue, UnbuiltObject, unpickle } from "./pickle.ts";
import { printable, shown } from "./shown.ts";
import { dotted, isCount, storageType, TorchStorage, torchWorld } from "./torch_objects.ts";
import { readTar } from "./torch_tar.ts";
import { readCount, viewOf } from "./torch_views.ts";
import { contentsOf, readEntry, readZipDirectory } from "./zip.ts";

/** Largest pickle that is read; that of ResNet50's checkpoint with optimiser has 0.1 MB. */
export const MOST_PICKLE = 2 ** 26;

/** What a PyTorch file holds. */
export interface TorchContents {
  readonly value: PickleValue;
  /** Names of classes and functions whose objects were left out, in the order of the file. */
  readonly unbuilt: readonly string[];
}

/** Magic number and protocol version at the head of a legacy file. */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;

/**
 * What `torch.save` wrote: zip (PyTorch 1.6 and later), legacy stream, or the tar of PyTorch 0.1,
 * as which torchvision's resnet50-19c8e357.pth is published. Tensors are read when they are asked
 * for. No code of the file is run, see `unpickle`.
 *
 * @throws {UserError} naming the file, when it is damaged or an attack
 */
export async function readTorchFile(source: ByteSource): Promise<TorchContents> {
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

async function readZip(source: ByteSource): Promise<TorchContents> {
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
    const { key, type, kind, length } = storageId(id);
    if (type === null) return new UnbuiltObject(kind);
    const known = storages.get(key);
    if (known) return known;
    const entry = entries.get(`${root}data/${key}`);
    const width = ELEMENT_BYTES[type];
    if (!entry || entry.size !== length * width) {
      throw new PickleError(
        `storage ${printable(key, 50)} should have ${length * width} bytes, but the zip has ${
          entry?.size ?? 0
        }`,
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
  const { value } = unpickle(await readEntry(source, data), world);
  return { value, unbuilt: [...world.unbuilt] };
}

async function readLegacy(source: ByteSource): Promise<TorchContents> {
  const bytes = await source.read(0, Math.min(source.size, MOST_PICKLE));
  // Storages come behind the object that refers to them, so where they are is filled in later.
  const places = new Map<string, number>();
  const storages = new Map<string, TorchStorage>();
  const world = torchWorld((id) => {
    const { key, type, kind, length, view } = storageId(id);
    // Storages follow one another: behind one of unknown width none would be found.
    if (type === null) throw new PickleError(`${kind} is not a type of storage that can be read`);
    let storage = storages.get(key);
    if (!storage) {
      const width = ELEMENT_BYTES[type];
      storage = new TorchStorage(type, length, (from, count) => {
        return source.read(places.get(key)! + from * width, count * width);
      });
      storages.set(key, storage);
    }
    return view ? viewOf(storage, view) : storage;
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
    const storage = typeof key === "string" ? storages.get(key) : undefined;
    if (typeof key !== "string" || !storage) {
      throw new PickleError(`storage ${shown(key)} belongs to no tensor`);
    }
    const { length, type } = storage;
    const found = await readCount(source, at);
    if (found !== length) {
      throw new PickleError(
        `storage ${shown(key)} should have ${length} elements, but ${found} are announced`,
      );
    }
    places.set(key, at + 8);
    at += 8 + length * ELEMENT_BYTES[type];
  }
  if (at > source.size) throw new PickleError("it is cut off");
  const missing = [...storages.keys()].find((key) => !places.has(key));
  if (missing !== undefined) throw new PickleError(`storage ${shown(missing)} is not there`);
  return { value: object.value, unbuilt: [...world.unbuilt] };
}

/** What the persistent id of a storage says: `("storage", class, key, device, length[, view])`. */
function storageId(id: PickleValue) {
  const [what, storageClass, key, , length, view] = Array.isArray(id) ? id : [];
  if (what !== "storage" || typeof key !== "string" || !isCount(length)) {
    throw new PickleError("a persistent id is not that of a storage");
  }
  const [, offset = null, size = null] = Array.isArray(view) ? view : [];
  return {
    key,
    type: storageType(storageClass),
    /** Its name, where its elements are of no known type. */
    kind: storageClass instanceof PickleGlobal ? dotted(storageClass.name) : "",
    length,
    view: Array.isArray(view) ? { offset, length: size } : null,
  };
}
