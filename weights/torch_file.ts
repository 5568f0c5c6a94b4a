import { UserError } from "../engine/errors.ts";
import type { ByteSource } from "./byte_source.ts";
import { ELEMENT_BYTES } from "./host_tensor.ts";
import { PickleError, UnbuiltObject, unpickle } from "./pickle.ts";
import { printable } from "./shown.ts";
import { readTorchLegacy } from "./torch_legacy.ts";
import { MOST_PICKLE, type TorchContents, TorchStorage, torchWorld } from "./torch_objects.ts";
import { sameStorage, storageId } from "./torch_storage.ts";
import { readTorchTar } from "./torch_tar.ts";
import { contentsOf, readEntry, readZipDirectory } from "./zip.ts";

/**
 * What `torch.save` wrote: zip (PyTorch 1.6 and later), legacy stream, or the tar of PyTorch 0.1.
 * Tensors are read when they are asked for. No code of the file is run, see `unpickle`.
 *
 * @throws {UserError} naming the file, when it is damaged or may be an attack
 */
export async function readTorchFile(source: ByteSource): Promise<TorchContents> {
  const head = await source.read(0, Math.min(512, source.size));
  const text = (from: number, to: number) => String.fromCharCode(...head.subarray(from, to));
  try {
    if (text(0, 4) === "PK\x03\x04") return await readZip(source);
    if (text(257, 262) === "ustar") return await readTorchTar(source);
    return await readTorchLegacy(source);
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    throw new UserError(`${source.path} is refused as a PyTorch file: ${error.message}`, {
      cause: error,
    });
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
      `${source.path} is a zip without the data.pkl of a PyTorch file: if it holds one, unpack it`,
    );
  }
  const root = name.slice(0, -"data.pkl".length);
  if (entries.has(`${root}constants.pkl`)) {
    throw new UserError(
      `${source.path} is a TorchScript program, not weights: save its state_dict() instead`,
    );
  }
  const order = entries.get(`${root}byteorder`);
  if (order && new TextDecoder().decode(await readEntry(source, order)) !== "little") {
    throw new UserError(`${source.path} was written by a big-endian machine`);
  }
  const data = entries.get(name)!;
  if (data.size > MOST_PICKLE) throw new PickleError(`its pickle has ${data.size} bytes`);
  const storages = new Map<string, TorchStorage>();
  const world = torchWorld((id) => {
    const { key, type, className, length } = storageId(id);
    if (!type) return new UnbuiltObject(className);
    const known = storages.get(key);
    if (known) return sameStorage(known, type, length);
    const entry = entries.get(`${root}data/${key}`);
    const width = ELEMENT_BYTES[type];
    if (!entry || entry.size !== length * width) {
      throw new PickleError(
        `storage ${printable(key)} should have ${length * width} bytes, but the zip has ` +
          `${entry?.size ?? 0}`,
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
  return { value, unbuilt: world.unbuilt };
}
