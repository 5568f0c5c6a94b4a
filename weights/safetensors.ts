import { UserError } from "../engine/errors.ts";
import { type ByteSource, bytesSource } from "./byte_source.ts";
import { duplicateKey } from "./duplicate_key.ts";
import {
  bytesOf,
  ELEMENT_BYTES,
  elements,
  type ElementType,
  type HostTensor,
  readFloat32,
  type StoredTensor,
} from "./host_tensor.ts";
import { printable, shown } from "./shown.ts";

/** Named float32 tensors and string metadata. */
export interface TensorFile {
  /** By their names. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  /** Texts by their keys. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The same before the tensors are read. */
export interface StoredTensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Largest header that is read, as in the reference implementation. */
const MAX_HEADER = 100_000_000;

/** Most extents of a tensor. */
const MOST_EXTENTS = 16;

/** Writes the safetensors format in one piece. */
export async function encodeSafetensors(
  { tensors, metadata }: TensorFile,
): Promise<Uint8Array<ArrayBuffer>> {
  const stored = new Map(
    [...tensors].map(([name, tensor]) => [name, {
      type: "F32" as const,
      shape: tensor.shape,
      read: () => Promise.resolve(bytesOf(tensor)),
    }]),
  );
  const chunks: BlobPart[] = [];
  for await (const chunk of safetensorsChunks({ tensors: stored, metadata })) chunks.push(chunk);
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/**
 * The safetensors format, piece by piece: the header's length as a little-endian u64, a JSON header
 * padded with spaces to a multiple of 8, then the raw data of one tensor after the other.
 */
export async function* safetensorsChunks(
  { tensors, metadata }: StoredTensors,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  // The widest first: then every tensor begins at a multiple of its element's size.
  const ordered = [...tensors].sort(([, a], [, b]) =>
    ELEMENT_BYTES[b.type] - ELEMENT_BYTES[a.type]
  );
  for (const [name, { type, shape }] of ordered) {
    const end = offset + elements(shape) * ELEMENT_BYTES[type];
    header[name] = { dtype: type, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(start.buffer).setBigUint64(0, BigInt(start.length - 8), true);
  start.set(json, 8);
  yield start;
  for (const [, tensor] of ordered) yield await tensor.read();
}

/**
 * Reads a safetensors file from memory; every element becomes float32.
 *
 * @param path named in messages
 * @throws {UserError} when the file is damaged, with what is wrong
 */
export async function decodeSafetensors(bytes: Uint8Array, path: string): Promise<TensorFile> {
  const { tensors, metadata } = await readSafetensors(bytesSource(bytes, path));
  const read = new Map<string, HostTensor>();
  for (const [name, tensor] of tensors) read.set(name, await readFloat32(tensor));
  return { tensors: read, metadata };
}

/**
 * Reads the header of a safetensors file and checks every claim in it.
 *
 * @throws {UserError} when the file is damaged, with what is wrong
 */
export async function readSafetensors(source: ByteSource): Promise<StoredTensors> {
  const fail = (what: string): never => {
    throw new UserError(`${source.path} is not a valid safetensors file: ${what}`);
  };
  if (source.size < 8) fail(`it has ${source.size} bytes, the header's length alone takes 8`);
  const first = await source.read(0, 8);
  const length = Number(new DataView(first.buffer).getBigUint64(0, true));
  if (length > MAX_HEADER || 8 + length > source.size) {
    fail(`its header should have ${length} bytes, but the file has ${source.size}`);
  }
  const json = await source.read(8, length);
  let text = "";
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(json);
    header = JSON.parse(text);
  } catch {
    fail("its header is not JSON");
  }
  if (!isRecord(header)) return fail("its header is not an object");
  const twice = duplicateKey(text);
  if (twice !== null) fail(`its header has ${shown(twice)} twice`);
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    return fail("its metadata is not a table of strings");
  }
  const body = 8 + length;
  const room = source.size - body;
  const spans: [start: number, end: number][] = [];
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
    const tensor = `tensor ${printable(name)}`;
    if (typeof dtype !== "string" || !Object.hasOwn(ELEMENT_BYTES, dtype)) {
      const known = Object.keys(ELEMENT_BYTES).join(", ");
      return fail(`${tensor} has type ${shown(dtype)}, expected one of ${known}`);
    }
    const type = dtype as ElementType;
    if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
      return fail(`${tensor} has no valid shape and offsets`);
    }
    if (shape.length > MOST_EXTENTS) fail(`${tensor} has ${shape.length} extents`);
    const [start, end] = offsets;
    if (start > end || end > room || end - start !== elements(shape) * ELEMENT_BYTES[type]) {
      fail(`${tensor} of shape [${shape}] claims bytes ${start} to ${end} of ${room}`);
    }
    spans.push([start, end]);
    tensors.set(name, { type, shape, read: () => source.read(body + start, end - start) });
  }
  spans.sort(([a, b], [c, d]) => a - c || b - d);
  let reached = 0;
  for (const [start, end] of spans) {
    if (start !== reached) fail(`its tensors overlap or leave a gap at byte ${reached}`);
    reached = end;
  }
  if (reached !== room) fail(`${room - reached} bytes follow its last tensor`);
  return { tensors, metadata: metadata as Record<string, string> };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
