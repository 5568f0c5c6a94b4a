import { UserError } from "../engine/errors.ts";
import { reasonOf } from "../engine/reason.ts";

/** Bytes that are read by range, so that a file of several GB need not fit in memory. */
export interface ByteSource {
  /** Named in messages. */
  readonly path: string;
  /** Bytes in all. */
  readonly size: number;
  /**
   * A copy of a range.
   *
   * @throws {UserError} when it reaches beyond the end
   */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Lets go of the file. */
  close(): void;
}

/**
 * Opens a file for reading by range.
 *
 * @throws {UserError} when it is missing, or a folder
 */
export async function openFile(path: string): Promise<ByteSource> {
  let file: Deno.FsFile;
  let size: number;
  try {
    file = await Deno.open(path);
    const stat = await file.stat();
    if (stat.isDirectory) {
      file.close();
      throw new Error("it is a folder");
    }
    ({ size } = stat);
  } catch (error) {
    throw new UserError(`${path} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  return {
    path,
    size,
    async read(offset, length) {
      checkRange(path, size, offset, length);
      const bytes = new Uint8Array(length);
      await file.seek(offset, Deno.SeekMode.Start);
      for (let at = 0; at < length;) {
        const count = await file.read(bytes.subarray(at));
        if (count === null) throw new UserError(`${path} became shorter while it was read`);
        at += count;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}

/** Bytes in memory as a source. */
export function bytesSource(bytes: Uint8Array, path: string): ByteSource {
  return {
    path,
    size: bytes.length,
    read(offset, length) {
      checkRange(path, bytes.length, offset, length);
      return Promise.resolve(bytes.slice(offset, offset + length) as Uint8Array<ArrayBuffer>);
    },
    close() {},
  };
}

/** A file that a browser's user chose as a source. */
export function blobSource(blob: Blob, path: string): ByteSource {
  return {
    path,
    size: blob.size,
    async read(offset, length) {
      checkRange(path, blob.size, offset, length);
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    },
    close() {},
  };
}

/** A part of a source as a source of its own; closing it does nothing. */
export function part(source: ByteSource, start: number, size: number): ByteSource {
  checkRange(source.path, source.size, start, size);
  return {
    path: source.path,
    size,
    read(offset, length) {
      checkRange(source.path, size, offset, length);
      return source.read(start + offset, length);
    },
    close() {},
  };
}

function checkRange(path: string, size: number, offset: number, length: number): void {
  const sound = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 &&
    length >= 0 && offset + length <= size;
  if (!sound) {
    throw new UserError(
      `${path} is damaged or cut off: ${length} bytes are expected at ${offset}, ` +
        `but only ${size} are there`,
    );
  }
}
