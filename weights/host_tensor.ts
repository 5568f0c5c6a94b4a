/** A tensor on the processor. */
export interface HostTensor {
  /** Extents, as in the file. */
  readonly shape: readonly number[];
  /** Elements, row-major. */
  readonly data: Float32Array<ArrayBuffer>;
}

/** Element types of checkpoints by their name in safetensors: bytes of an element. */
export const ELEMENT_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

/** An element type, as safetensors names it. */
export type ElementType = keyof typeof ELEMENT_BYTES;

/** A tensor in a file: what is known of it before it is read. */
export interface StoredTensor {
  /** What the elements are. */
  readonly type: ElementType;
  /** Extents. */
  readonly shape: readonly number[];
  /** The elements, little-endian and row-major. */
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

/** Number of elements. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Reads a tensor and converts it to float32; integers beyond 2²⁴ are rounded. */
export async function readFloat32({ type, shape, read }: StoredTensor): Promise<HostTensor> {
  return { shape, data: toFloat32(await read(), type) };
}

/** Little-endian elements as float32. The bytes begin at a multiple of 8 in their buffer. */
export function toFloat32(
  bytes: Uint8Array<ArrayBuffer>,
  type: ElementType,
): Float32Array<ArrayBuffer> {
  const { buffer, byteOffset } = bytes;
  const count = bytes.length / ELEMENT_BYTES[type];
  switch (type) {
    case "F32":
      return new Float32Array(buffer, byteOffset, count);
    case "F64":
      return Float32Array.from(new Float64Array(buffer, byteOffset, count));
    case "F16":
      return Float32Array.from(new Float16Array(buffer, byteOffset, count));
    case "BF16": {
      // A bfloat16 is the upper half of a float32.
      const words = Uint32Array.from(
        new Uint16Array(buffer, byteOffset, count),
        (half) => half << 16,
      );
      return new Float32Array(words.buffer);
    }
    case "I64":
      return Float32Array.from(new BigInt64Array(buffer, byteOffset, count), Number);
    case "I32":
      return Float32Array.from(new Int32Array(buffer, byteOffset, count));
    case "I16":
      return Float32Array.from(new Int16Array(buffer, byteOffset, count));
    case "I8":
      return Float32Array.from(new Int8Array(buffer, byteOffset, count));
    case "U8":
    case "BOOL":
      return Float32Array.from(bytes);
  }
}

/** A tensor's bytes, as they go into a file. */
export function bytesOf({ data }: HostTensor): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
