import { UserError } from "../engine/errors.ts";
import type { ByteSource } from "./byte_source.ts";
import { crc32 } from "./crc32.ts";
import { printable } from "./shown.ts";

/** One file in a zip. */
export interface ZipEntry {
  readonly name: string;
  readonly size: number;
  /** Compressed or encrypted: such contents are not read. */
  readonly isPacked: boolean;
  /** CRC-32 of the contents. */
  readonly checksum: number;
  /** Position of the local header. */
  readonly header: number;
}

/** Most entries that are read; a network has some hundreds of tensors. */
const MOST_ENTRIES = 200_000;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;

/**
 * Reads the directory of a zip, with the 64-bit extensions.
 *
 * @throws {UserError} when it is damaged
 */
export async function readZipDirectory(source: ByteSource): Promise<Map<string, ZipEntry>> {
  const fail = (what: string): never => {
    throw new UserError(`${source.path} is a damaged zip: ${what}`);
  };
  const tailStart = Math.max(0, source.size - 65_557);
  const tail = await source.read(tailStart, source.size - tailStart);
  const view = new DataView(tail.buffer);
  let end = tail.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== END) end--;
  if (end < 0) fail("it has no directory (was it cut off?)");
  let count = view.getUint16(end + 10, true);
  let size = view.getUint32(end + 12, true);
  let offset = view.getUint32(end + 16, true);
  if (end >= 20 && view.getUint32(end - 20, true) === LOCATOR_64) {
    const at = Number(view.getBigUint64(end - 12, true));
    const record = new DataView((await source.read(at, 56)).buffer);
    if (record.getUint32(0, true) !== END_64) {
      fail("its 64-bit directory is not where it should be");
    }
    count = Number(record.getBigUint64(32, true));
    size = Number(record.getBigUint64(40, true));
    offset = Number(record.getBigUint64(48, true));
  }
  if (count > MOST_ENTRIES || size > 2 ** 26) fail(`its directory claims ${count} entries`);
  const directory = await source.read(offset, size);
  const fields = new DataView(directory.buffer);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > size || fields.getUint32(at, true) !== CENTRAL) fail(`entry ${i} is not there`);
    const nameLength = fields.getUint16(at + 28, true);
    const extraLength = fields.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + fields.getUint16(at + 32, true);
    if (next > size) fail(`entry ${i} is cut off`);
    const name = new TextDecoder().decode(directory.subarray(at + 46, at + 46 + nameLength));
    const wide = wideFields(fields, at + 46 + nameLength, extraLength);
    const number = (position: number) => {
      const value = fields.getUint32(at + position, true);
      return value === 0xffffffff
        ? wide.shift() ?? fail(`${printable(name)} lacks its 64-bit sizes`)
        : value;
    };
    const stored = number(24);
    const packed = number(20);
    entries.set(name, {
      name,
      size: stored,
      isPacked: fields.getUint16(at + 10, true) !== 0 || stored !== packed,
      checksum: fields.getUint32(at + 16, true),
      header: number(42),
    });
    at = next;
  }
  return entries;
}

/**
 * Where an entry's contents begin: behind its local header.
 *
 * @throws {UserError} when it is compressed, or not there
 */
export async function contentsOf(source: ByteSource, entry: ZipEntry): Promise<number> {
  if (entry.isPacked) {
    throw new UserError(
      `${source.path}: ${printable(entry.name)} is compressed or encrypted; PyTorch stores its ` +
        "files as they are",
    );
  }
  const local = new DataView((await source.read(entry.header, 30)).buffer);
  const start = entry.header + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  if (local.getUint32(0, true) !== LOCAL || start + entry.size > source.size) {
    throw new UserError(
      `${source.path} is a damaged zip: ${printable(entry.name)} is not where it should be`,
    );
  }
  return start;
}

/**
 * The whole contents of an entry.
 *
 * @throws {UserError} when they do not have the checksum that the directory says
 */
export async function readEntry(
  source: ByteSource,
  entry: ZipEntry,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await source.read(await contentsOf(source, entry), entry.size);
  if (crc32(bytes) !== entry.checksum) {
    throw new UserError(
      `${source.path} is damaged: ${
        printable(entry.name)
      } does not have the checksum that the zip says`,
    );
  }
  return bytes;
}

/** The 64-bit numbers of an entry's extra field, in their order. */
function wideFields(view: DataView, start: number, length: number): number[] {
  const wide: number[] = [];
  for (let at = start; at + 4 <= start + length;) {
    const size = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1) {
      for (let i = at + 4; i + 8 <= Math.min(at + 4 + size, start + length); i += 8) {
        wide.push(Number(view.getBigUint64(i, true)));
      }
    }
    at += 4 + size;
  }
  return wide;
}

/**
 * A zip of stored files, piece by piece. Contents begin at multiples of 64, as in PyTorch's own.
 *
 * @throws {UserError} where a file or the zip would need the 64-bit extensions
 */
export async function* zipChunks(
  path: string,
  files: Iterable<readonly [name: string, read: () => Promise<Uint8Array<ArrayBuffer>>]>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const central: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  for (const [name, read] of files) {
    const contents = await read();
    const text = new TextEncoder().encode(name);
    const padding = (64 - (offset + 34 + text.length) % 64) % 64;
    if (offset + contents.length + 65_536 > 0xffffffff) {
      throw new UserError(`${path} would be larger than 4 GiB: write .safetensors instead`);
    }
    const common = new DataView(new ArrayBuffer(26));
    common.setUint16(0, 20, true); // version needed
    common.setUint16(2, 0x800, true); // names are UTF-8
    common.setUint16(8, 0x21, true); // 1 January 1980
    common.setUint32(10, crc32(contents), true);
    common.setUint32(14, contents.length, true);
    common.setUint32(18, contents.length, true);
    common.setUint16(22, text.length, true);
    const local = new Uint8Array(34 + text.length + padding);
    const localView = new DataView(local.buffer);
    localView.setUint32(0, LOCAL, true);
    local.set(new Uint8Array(common.buffer), 4);
    localView.setUint16(28, 4 + padding, true);
    local.set(text, 30);
    localView.setUint16(30 + text.length, 0x4246, true); // PyTorch's own tag for padding
    localView.setUint16(32 + text.length, padding, true);
    const record = new Uint8Array(46 + text.length);
    const recordView = new DataView(record.buffer);
    recordView.setUint32(0, CENTRAL, true);
    recordView.setUint16(4, 20, true);
    record.set(new Uint8Array(common.buffer), 6);
    recordView.setUint32(42, offset, true);
    record.set(text, 46);
    central.push(record);
    yield local;
    yield contents;
    offset += local.length + contents.length;
  }
  const size = central.reduce((sum, record) => sum + record.length, 0);
  if (central.length > 0xfffe) throw new UserError(`${path} would hold too many tensors for a zip`);
  yield* central;
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, END, true);
  end.setUint16(8, central.length, true);
  end.setUint16(10, central.length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, offset, true);
  yield new Uint8Array(end.buffer);
}
