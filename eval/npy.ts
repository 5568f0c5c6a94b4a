import { UserError } from "../engine/errors.ts";

/** A float32 array in NumPy's `.npy` format, version 1.0. */
export function encodeNpy(
  values: Float32Array<ArrayBuffer>,
  shape: readonly number[],
): Uint8Array<ArrayBuffer> {
  const dimensions = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${dimensions}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length + values.byteLength);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, length - 10, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(length - 11)}\n`), 10);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), length);
  return bytes;
}

/** An array that was read from a `.npy` file. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/**
 * Reads float32 and float64 arrays in NumPy's `.npy` format, versions 1 to 3.
 *
 * @param path named in messages
 * @throws {UserError} when it is damaged or holds something else
 */
export function decodeNpy(bytes: Uint8Array<ArrayBuffer>, path: string): NpyArray {
  const fail = (what: string): never => {
    throw new UserError(`${path} is not a .npy file that can be read: ${what}`);
  };
  const magic = String.fromCharCode(...bytes.subarray(0, 6));
  if (bytes.length < 12 || magic !== "\x93NUMPY") fail("it does not begin as one");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = bytes[6] === 1 ? 10 : 12;
  const length = bytes[6] === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > bytes.length) fail("its header is cut off");
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));
  const [, type] = header.match(/'descr':\s*'([^']*)'/) ?? fail("its header names no type");
  if (type !== "<f4" && type !== "<f8") fail(`its type is ${type}, expected <f4 or <f8`);
  if (!/'fortran_order':\s*False/.test(header)) fail("it is in Fortran's order");
  const [, extents] = header.match(/'shape':\s*\(([\d,\s]*)\)/) ?? fail("its header has no shape");
  const shape = extents.split(",").filter((part) => part.trim() !== "").map(Number);
  const count = shape.reduce((a, b) => a * b, 1);
  const data = bytes.slice(start + length).buffer;
  if (data.byteLength !== count * Number(type[2])) {
    fail(`its shape [${shape}] needs ${count * Number(type[2])} bytes, found ${data.byteLength}`);
  }
  return {
    shape,
    values: type === "<f8" ? new Float64Array(data) : Float64Array.from(new Float32Array(data)),
  };
}
