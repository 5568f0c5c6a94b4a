import { UserError } from "./errors.ts";

/** A GPU buffer of the pool. `id` is unique for the life of the program. */
export interface PooledBuffer {
  /** Part of the keys of bind groups. */
  readonly id: number;
  /** The WebGPU buffer, larger than what was asked for. */
  readonly buffer: GPUBuffer;
  /** Size in bytes: the bucket's, at least what was asked for. */
  readonly bytes: number;
}

/** A part of a buffer, which is bound instead of the whole. */
export interface BufferSlice extends PooledBuffer {
  /** Where it begins, in bytes. */
  readonly offset: number;
}

/** Where a buffer or a part of one begins in its GPU buffer. */
export function offsetOf(buffer: PooledBuffer | BufferSlice): number {
  return "offset" in buffer ? buffer.offset : 0;
}

/** An allocation that does not fit: in the device's memory, its limits or the limit set. */
export class OutOfMemoryError extends UserError {
  /** Tells it from other errors a user can mend. */
  override name = "OutOfMemoryError";
}

/** What the pool holds, in bytes. */
export interface MemoryAccount {
  /** Handed out and not yet released. */
  readonly live: number;
  /** The most that was ever live. */
  readonly peak: number;
  /** Released, kept for the next allocation of the same size. */
  readonly pooled: number;
  /** The most that was ever live and pooled together: what the device had to find room for. */
  readonly resident: number;
  /** Buffers that were created since the start. */
  readonly created: number;
}

/**
 * Storage buffers by size. WebGPU buffers stay resident until they are destroyed or the garbage
 * collector finds them, and creating one costs about 50 µs, so released ones are kept and given
 * out again, the oldest first: then a step gets the buffers that the step before it got, whatever
 * the order in which they came back, and its bind groups are found again. Commands run in the order
 * of their submission: a buffer may be reused while the GPU has yet to read its former contents.
 */
export class BufferPool {
  #device: GPUDevice;
  #limit: number;
  #onDestroy: (buffer: PooledBuffer) => void;
  #free = new Map<number, PooledBuffer[]>();
  #live = 0;
  #peak = 0;
  #pooled = 0;
  #resident = 0;
  #created = 0;
  #pending: Promise<void>[] = [];
  #failure: OutOfMemoryError | null = null;

  /**
   * A pool without buffers.
   *
   * @param limit most bytes that may be live and pooled at once
   * @param onDestroy told of every buffer that goes, so that bind groups can go with it
   */
  constructor(device: GPUDevice, limit: number, onDestroy: (buffer: PooledBuffer) => void) {
    this.#device = device;
    this.#limit = limit;
    this.#onDestroy = onDestroy;
  }

  /** The account of bytes. */
  get account(): MemoryAccount {
    return {
      live: this.#live,
      peak: this.#peak,
      pooled: this.#pooled,
      resident: this.#resident,
      created: this.#created,
    };
  }

  /**
   * A buffer of at least `bytes`, its contents undefined.
   *
   * @throws {OutOfMemoryError} when it exceeds the device's limits or the pool's
   */
  allocate(bytes: number): PooledBuffer {
    const size = bucket(bytes);
    const { maxStorageBufferBindingSize, maxBufferSize } = this.#device.limits;
    // A bucket may be larger than a limit where the bytes themselves fit.
    const crosses = [maxStorageBufferBindingSize, maxBufferSize]
      .some((limit) => size > limit && bytes <= limit);
    const rounded = crosses ? Math.ceil(bytes / 256) * 256 : size;
    if (rounded > maxBufferSize) {
      throw new OutOfMemoryError(
        `A tensor needs ${mebibytes(bytes)}, but one buffer of this adapter holds at most ` +
          `${mebibytes(maxBufferSize)}`,
      );
    }
    if (this.#live + rounded > this.#limit) {
      throw new OutOfMemoryError(
        `Out of GPU memory: ${mebibytes(this.#live)} are in use and ${mebibytes(rounded)} more ` +
          `are needed, but the limit is ${mebibytes(this.#limit)}`,
      );
    }
    this.#live += rounded;
    this.#peak = Math.max(this.#peak, this.#live);
    const reused = this.#free.get(rounded)?.pop();
    if (reused) this.#pooled -= rounded;
    this.#resident = Math.max(this.#resident, this.#live + this.#pooled);
    return reused ?? this.#create(rounded);
  }

  /** True when an allocation fits only once the pooled buffers are gone. */
  isCrowded(bytes: number): boolean {
    const size = bucket(bytes);
    const reusable = (this.#free.get(size)?.length ?? 0) > 0;
    return !reusable && this.#pooled > 0 && this.#live + this.#pooled + size > this.#limit;
  }

  /** Takes a buffer back. */
  release(buffer: PooledBuffer): void {
    this.#live -= buffer.bytes;
    this.#pooled += buffer.bytes;
    let list = this.#free.get(buffer.bytes);
    if (!list) this.#free.set(buffer.bytes, list = []);
    list.splice(placeOf(buffer, list), 0, buffer);
  }

  /** Destroys the buffers that are not handed out. */
  trim(): void {
    for (const list of this.#free.values()) {
      for (const buffer of list) {
        this.#onDestroy(buffer);
        buffer.buffer.destroy();
      }
    }
    this.#free.clear();
    this.#pooled = 0;
  }

  /** Waits for the device's word on the buffers made so far; throws when one did not fit. */
  async check(): Promise<void> {
    await Promise.all(this.#pending.splice(0));
    if (this.#failure) throw this.#failure;
  }

  #create(bytes: number): PooledBuffer {
    this.#device.pushErrorScope("out-of-memory");
    const buffer = this.#device.createBuffer({
      size: bytes,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    const live = this.#live;
    this.#pending.push(
      this.#device.popErrorScope().then((error) => {
        if (!error) return;
        this.#failure ??= new OutOfMemoryError(
          `Out of GPU memory: the device refused ${mebibytes(bytes)} with ` +
            `${mebibytes(live - bytes)} in use`,
        );
      }),
    );
    this.#created++;
    return { id: nextId++, buffer, bytes };
  }
}

let nextId = 1;

/** Where a buffer belongs in a list of falling ids. */
function placeOf({ id }: PooledBuffer, list: readonly PooledBuffer[]): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].id > id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The next of 256 · {1, 1.25, 1.5, 1.75} · 2ᵏ: at most a quarter of a buffer is unused. */
function bucket(bytes: number): number {
  if (bytes <= 256) return 256;
  const step = 2 ** Math.max(6, Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / step) * step;
}

/** A number of bytes as a reader wants it: `12.5 MiB`. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 2 : 0)} MiB`;
}
