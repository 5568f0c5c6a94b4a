import type { Gpu } from "./gpu.ts";
import type { BufferSlice, PooledBuffer } from "./memory.ts";

/** Element type: activations and parameters are `f32`; labels and indices are `u32`. */
export type DataType = "f32" | "u32";

/** A run of pictures of a batch. */
export interface Slice {
  /** The first picture. */
  readonly from: number;
  /** Number of pictures. */
  readonly count: number;
}

/** How an operation's output came about, for the backward pass. */
export interface GraphNode {
  /** Name of the operation, for messages. */
  readonly operation: string;
  /** What the operation read, in its own order. */
  readonly inputs: readonly Tensor[];
  /**
   * Given ∂L/∂output, returns ∂L/∂input for each input, `null` where none is needed.
   * The tensors returned are the caller's: return `gradient.share()` to pass one on unchanged.
   */
  backward(gradient: Tensor): (Tensor | null)[];
}

/** A GPU buffer and the number of tensors that use it. */
interface Storage {
  readonly buffer: PooledBuffer;
  users: number;
}

/**
 * A dense array on the GPU, row-major. Pictures are `[batch, height, width, channels]` (NHWC),
 * convolution weights `[kernel height, kernel width, in, out]`.
 *
 * **In memory the last dimension is padded with zeros to a multiple of 4** (its `pitch`), so that
 * every kernel can load `vec4`s. Kernels keep the padding zero; `from` and `read` add and remove it.
 */
export class Tensor {
  /** Extents of the dimensions; the last one is padded in memory. */
  readonly shape: readonly number[];
  /** ∂L/∂this, filled by `backward` for parameters. */
  gradient: Tensor | null = null;
  /** How this tensor was computed; `null` for inputs, parameters and untracked results. */
  node: GraphNode | null = null;
  /** True for a parameter: `backward` leaves a gradient here. */
  requiresGradient = false;
  /** True when a scope must not dispose of this tensor. */
  kept = false;

  #storage: Storage | null;
  /** The part of the storage that this tensor is, where it is not the whole. */
  #part: BufferSlice | null = null;

  private constructor(
    readonly gpu: Gpu,
    shape: readonly number[],
    readonly type: DataType,
    storage: Storage,
  ) {
    this.shape = [...shape];
    this.#storage = storage;
    gpu.track(this);
  }

  /** A new tensor with undefined contents; the kernel that fills it writes the padding, too. */
  static empty(gpu: Gpu, shape: readonly number[], type: DataType = "f32"): Tensor {
    if (!shape.every((extent) => Number.isInteger(extent) && extent > 0)) {
      throw new RangeError(`A tensor's extents must be positive integers, not [${shape}]`);
    }
    const bytes = 4 * rowsOf(shape) * pitchOf(shape);
    return new Tensor(gpu, shape, type, { buffer: gpu.allocate(bytes), users: 1 });
  }

  /**
   * Uploads numbers in row-major order.
   *
   * @throws {RangeError} when their number is not the product of the shape
   */
  static from(
    gpu: Gpu,
    data: ArrayLike<number>,
    shape: readonly number[],
    type: DataType = "f32",
  ): Tensor {
    const tensor = Tensor.empty(gpu, shape, type);
    tensor.write(data);
    return tensor;
  }

  /** Uploads numbers that already have the padding of the last dimension: `rows × pitch` of them. */
  static fromPadded(gpu: Gpu, data: Float32Array<ArrayBuffer>, shape: readonly number[]): Tensor {
    const tensor = Tensor.empty(gpu, shape);
    if (data.length !== tensor.rows * tensor.pitch) {
      throw new RangeError(
        `A padded tensor of shape [${shape}] has ${tensor.rows * tensor.pitch} elements, ` +
          `not ${data.length}`,
      );
    }
    gpu.write(tensor.buffer, data);
    return tensor;
  }

  /** A tensor of zeros. */
  static zeros(gpu: Gpu, shape: readonly number[]): Tensor {
    return Tensor.from(gpu, new Float32Array(product(shape)), shape);
  }

  /** Number of elements, without padding. */
  get size(): number {
    return product(this.shape);
  }

  /** Extent of the last dimension. */
  get channels(): number {
    return this.shape.at(-1) ?? 1;
  }

  /** Elements from one row to the next in memory: `channels` rounded up to a multiple of 4. */
  get pitch(): number {
    return pitchOf(this.shape);
  }

  /** Product of all dimensions but the last. */
  get rows(): number {
    return rowsOf(this.shape);
  }

  /** Number of `vec4`s in memory. */
  get vectors(): number {
    return this.rows * this.pitch / 4;
  }

  /** The GPU buffer. */
  get buffer(): PooledBuffer {
    if (!this.#storage) throw new Error(`A tensor of shape [${this.shape}] was used after dispose`);
    return this.#part ?? this.#storage.buffer;
  }

  /** Bytes in memory, with the padding. */
  get bytes(): number {
    return 4 * this.rows * this.pitch;
  }

  /** True when the memory was given back. */
  get disposed(): boolean {
    return this.#storage === null;
  }

  /** True when a backward pass has to go through this tensor. */
  get tracked(): boolean {
    return this.requiresGradient || this.node !== null;
  }

  /** True when no other tensor uses the same memory, so that it may be changed in place. */
  get exclusive(): boolean {
    return this.#storage?.users === 1;
  }

  /** Marks as parameter: `backward` will leave its gradient here. */
  asParameter(): this {
    this.requiresGradient = true;
    this.kept = true;
    return this;
  }

  /** Saves from the scopes around it: it lives until `dispose`. */
  keep(): this {
    this.kept = true;
    return this;
  }

  /** A second tensor on the same memory, without history; both have to be disposed of. */
  share(): Tensor {
    if (!this.#storage) throw new Error("A disposed tensor cannot be shared");
    this.#storage.users++;
    return new Tensor(this.gpu, this.shape, this.type, this.#storage);
  }

  /** Some pictures of a batch as a tensor on the same memory; has to be disposed of, too. */
  slice({ from, count }: Slice): Tensor {
    if (!this.#storage) throw new Error("A disposed tensor cannot be sliced");
    this.#storage.users++;
    const { gpu, shape, type } = this;
    const part = new Tensor(gpu, [count, ...shape.slice(1)], type, this.#storage);
    const picture = this.bytes / shape[0];
    const offset = (this.#part?.offset ?? 0) + from * picture;
    part.#part = { ...this.#storage.buffer, offset, bytes: count * picture };
    return part;
  }

  /** Replaces the contents by numbers in row-major order. */
  write(data: ArrayLike<number>): void {
    if (data.length !== this.size) {
      throw new RangeError(
        `A tensor of shape [${this.shape}] has ${this.size} elements, not ${data.length}`,
      );
    }
    const ArrayType = this.type === "f32" ? Float32Array : Uint32Array;
    const { channels, pitch, rows } = this;
    let padded: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
    if (channels === pitch && data instanceof ArrayType && data.buffer instanceof ArrayBuffer) {
      padded = data as Float32Array<ArrayBuffer>;
    } else {
      padded = new ArrayType(rows * pitch);
      for (let row = 0; row < rows; row++) {
        for (let c = 0; c < channels; c++) padded[row * pitch + c] = data[row * channels + c];
      }
    }
    this.gpu.write(this.buffer, padded);
  }

  /** Downloads the elements in row-major order, without padding. */
  async read(): Promise<Float32Array<ArrayBuffer>> {
    const { channels, pitch, rows } = this;
    const bytes = await this.gpu.read(this.buffer, 4 * rows * pitch);
    const padded = this.type === "f32" ? new Float32Array(bytes) : new Uint32Array(bytes);
    if (channels === pitch && padded instanceof Float32Array) return padded;
    const dense = new Float32Array(rows * channels);
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < channels; c++) dense[row * channels + c] = padded[row * pitch + c];
    }
    return dense;
  }

  /** Gives the memory back once no other tensor shares it. Safe to call twice. */
  dispose(): void {
    if (!this.#storage) return;
    if (--this.#storage.users === 0) this.gpu.release(this.#storage.buffer);
    this.#storage = null;
    this.node = null;
    this.gradient?.dispose();
    this.gradient = null;
  }
}

/** Product of numbers; 1 for none. */
export function product(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a * b, 1);
}

/** Rounds up to a multiple of 4. */
export function padTo4(n: number): number {
  return (n + 3) & ~3;
}

function pitchOf(shape: readonly number[]): number {
  return padTo4(shape.at(-1) ?? 1);
}

function rowsOf(shape: readonly number[]): number {
  return product(shape.slice(0, -1));
}
