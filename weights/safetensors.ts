import { UserError } from "../engine/errors.ts";

/** A tensor on the processor. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** Contents of a safetensors file: named float32 tensors and string metadata. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Largest header that is read, as in the reference implementation. */
const MAX_HEADER = 100_000_000;

/**
 * Writes the safetensors format: the header's length as a little-endian u64, a JSON header padded
 * with spaces to a multiple of 8, then the raw data.
 */
export function encodeSafetensors({ tensors, metadata }: TensorFile): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  let json = new TextEncoder().encode(JSON.stringify(header));
  if (json.length % 8 !== 0) {
    const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
    padded.set(json);
    json = padded;
  }
  const bytes = new Uint8Array(8 + json.length + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  let at = 8 + json.length;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Reads a safetensors file of float32 tensors (int32 and int64 are converted) and checks every
 * claim of its header.
 *
 * @param path named in messages
 * @throws {UserError} when the file is damaged, with what is wrong
 */
export function decodeSafetensors(bytes: Uint8Array, path: string): TensorFile {
  const fail = (what: string): never => {
    throw new UserError(`${path} is not a valid safetensors file: ${what}`);
  };
  if (bytes.length < 8) fail(`it has ${bytes.length} bytes, the header's length alone takes 8`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > MAX_HEADER || 8 + length > bytes.length) {
    fail(`its header should have ${length} bytes, but the file has ${bytes.length}`);
  }
  let header: unknown;
  try {
    header = JSON.parse(
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length)),
    );
  } catch {
    fail("its header is not JSON");
  }
  if (!isRecord(header)) return fail("its header is not an object");
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    return fail("its metadata is not a table of strings");
  }
  const body = bytes.subarray(8 + length);
  const spans: [start: number, end: number][] = [];
  const tensors = new Map<string, HostTensor>();
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
    const size = dtype === "F32" || dtype === "I32" ? 4 : dtype === "I64" ? 8 : 0;
    if (!size) fail(`tensor ${name} has type ${dtype}, expected F32`);
    if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
      return fail(`tensor ${name} has no valid shape and offsets`);
    }
    const [start, end] = offsets;
    const bytesNeeded = shape.reduce((a, b) => a * b, size);
    if (start > end || end > body.length || end - start !== bytesNeeded) {
      fail(
        `tensor ${name} of shape [${shape}] claims bytes ${start} to ${end} of ${body.length}`,
      );
    }
    spans.push([start, end]);
    tensors.set(name, { shape, data: numbers(body.slice(start, end), dtype as string) });
  }
  spans.sort(([a], [b]) => a - b);
  let reached = 0;
  for (const [start, end] of spans) {
    if (start !== reached) fail(`its tensors overlap or leave a gap at byte ${reached}`);
    reached = end;
  }
  if (reached !== body.length) fail(`${body.length - reached} bytes follow its last tensor`);
  return { tensors, metadata: metadata as Record<string, string> };
}

function numbers(bytes: Uint8Array<ArrayBuffer>, dtype: string): Float32Array<ArrayBuffer> {
  if (dtype === "F32") return new Float32Array(bytes.buffer);
  if (dtype === "I32") return Float32Array.from(new Int32Array(bytes.buffer));
  return Float32Array.from(new BigInt64Array(bytes.buffer), Number);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
