import { UserError } from "../../engine/errors.ts";

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
 * Reads arrays of float16, float32 and float64 in NumPy's `.npy` format, versions 1 to 3, of either
 * byte order and in C's or Fortran's order.
 *
 * @param path named in messages
 * @returns the values in C's order: the last index changes fastest
 * @throws {UserError} when it is damaged or holds something else
 */
export function decodeNpy(bytes: Uint8Array<ArrayBuffer>, path: string): NpyArray {
  const fail = (what: string): never => {
    throw new UserError(`${path} is not a .npy file that can be read: ${what}`);
  };
  const magic = String.fromCharCode(...bytes.subarray(0, 6));
  if (bytes.length < 12 || magic !== "\x93NUMPY") fail("it does not begin as one");
  if (!(bytes[6] >= 1 && bytes[6] <= 3)) fail(`its version is ${bytes[6]}, expected 1 to 3`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = bytes[6] === 1 ? 10 : 12;
  const length = bytes[6] === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > bytes.length) fail("its header is cut off");
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));
  const [, type] = header.match(/'descr':\s*'([^']*)'/) ?? fail("its header names no type");
  const [, order, size] = type.match(/^([<>=])f([248])$/) ??
    fail(`its type is ${type}, expected floating point: <f2, <f4 or <f8, or the same with >`);
  const [, fortran] = header.match(/'fortran_order':\s*(True|False)/) ??
    fail("its header does not say whether it is in Fortran's order");
  // Python 2 wrote (224L, 224L).
  const [, extents] = header.match(/'shape':\s*\(([\dL,\s]*)\)/) ?? fail("its header has no shape");
  const shape = extents.split(",").filter((part) => part.trim() !== "").map((n) => parseInt(n));
  const count = shape.reduce((a, b) => a * b, 1);
  const data = new DataView(bytes.buffer, bytes.byteOffset + start + length);
  if (data.byteLength !== count * Number(size)) {
    fail(`its shape [${shape}] needs ${count * Number(size)} bytes, found ${data.byteLength}`);
  }
  const littleEndian = order !== ">";
  const read = {
    "2": (at: number) => data.getFloat16(2 * at, littleEndian),
    "4": (at: number) => data.getFloat32(4 * at, littleEndian),
    "8": (at: number) => data.getFloat64(8 * at, littleEndian),
  }[size]!;
  const values = Float64Array.from({ length: count }, (_, i) => read(i));
  return { shape, values: fortran === "True" ? inOrderOfC(values, shape) : values };
}

/** Values whose first index changes fastest, sorted so that the last one does. */
function inOrderOfC(values: Float64Array, shape: readonly number[]): Float64Array {
  return Float64Array.from(values, (_, i) => {
    let [at, stride] = [0, values.length];
    for (let d = shape.length - 1; d >= 0; d--) {
      stride /= shape[d];
      at += (i % shape[d]) * stride;
      i = Math.floor(i / shape[d]);
    }
    return values[at];
  });
}
