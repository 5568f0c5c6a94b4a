import { UserError } from "../engine/errors.ts";
import { crc32 } from "./crc32.ts";
import { bytesOf, type HostTensor, type StoredTensor } from "./host_tensor.ts";
import { shown } from "./shown.ts";
import type { StateFile } from "./state_file.ts";

/** Where a file's metadata have the checksums. */
export const CHECKSUMS = "tensorChecksums";

/** For a file's metadata: CRC-32 of each tensor's bytes in the file, by its name, as JSON. */
export function describeChecksums(tensors: ReadonlyMap<string, HostTensor>): string {
  return JSON.stringify(
    Object.fromEntries([...tensors].map(([name, tensor]) => [name, checksum(bytesOf(tensor))])),
  );
}

/**
 * A file's tensors, each compared with its checksum when it is read. Files without checksums, other
 * programs' and older ones, are taken as they are.
 *
 * @throws {UserError} when the checksums cannot be read; `read` throws one that names the tensor
 * when its bytes are not those that were written
 */
export function verifiedTensors(
  { path, metadata, tensors }: Pick<StateFile, "path" | "metadata" | "tensors">,
): ReadonlyMap<string, StoredTensor> {
  const text = metadata[CHECKSUMS];
  if (text === undefined) return tensors;
  const checksums = parseChecksums(path, text);
  return new Map(
    [...tensors].map(([name, tensor]) => [name, {
      type: tensor.type,
      shape: tensor.shape,
      async read() {
        const bytes = await tensor.read();
        const expected = checksums.get(name);
        const found = checksum(bytes);
        if (found === expected) return bytes;
        throw new UserError(
          `${path} is damaged: ${name} has the checksum ${found}, but ` +
            (expected === undefined ? "none" : `${shown(expected)}`) + " was written with it",
        );
      },
    }]),
  );
}

function checksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, "0");
}

function parseChecksums(path: string, text: string): Map<string, unknown> {
  try {
    return new Map(Object.entries(JSON.parse(text)));
  } catch {
    throw new UserError(
      `${path} is damaged: ${CHECKSUMS} in its metadata is ${
        shown(text)
      }, expected checksums by name`,
    );
  }
}
