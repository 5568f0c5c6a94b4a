/** Work that several dispatches share, e.g. the forward pass of one convolution. */
export interface ProfiledSection {
  /** Name of the family of variants, e.g. `conv2d_forward`. */
  readonly family: string;
  /** Extents as text. */
  readonly shape: string;
  /** Name of the variant that did it. */
  readonly variant: string;
  /** Floating-point operations of the whole section. */
  readonly flops: number;
}

/** One dispatch as the GPU timed it. */
export interface Span {
  /** The kernel's key. */
  readonly kernel: string;
  /** The work it was part of. */
  readonly section: ProfiledSection | null;
  /** Bytes of the buffers that are bound; a kernel that reads each once moves so many. */
  readonly bytes: number;
  /** Milliseconds since the first dispatch of the profile. */
  readonly start: number;
  /** How long it took. */
  readonly milliseconds: number;
}

/** WebGPU's limit on the queries of one set. */
const QUERIES = 4096;

/** Collects the timestamps of compute passes. */
export class Profiler {
  #device: GPUDevice;
  #sets: GPUQuerySet[] = [];
  #spans: Omit<Span, "start" | "milliseconds">[] = [];

  /** A profile without entries; the device needs the feature `timestamp-query`. */
  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Descriptor of the pass of one dispatch. */
  pass(span: Omit<Span, "start" | "milliseconds">): GPUComputePassDescriptor {
    const first = 2 * this.#spans.length % QUERIES;
    if (first === 0) {
      this.#sets.push(this.#device.createQuerySet({ type: "timestamp", count: QUERIES }));
    }
    this.#spans.push(span);
    return {
      timestampWrites: {
        querySet: this.#sets.at(-1)!,
        beginningOfPassWriteIndex: first,
        endOfPassWriteIndex: first + 1,
      },
    };
  }

  /** Waits for the GPU and returns what it timed. */
  async read(): Promise<Span[]> {
    const bytes = 8 * QUERIES;
    const size = bytes * this.#sets.length;
    if (size === 0) return [];
    const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    const resolved = this.#device.createBuffer({ size, usage: QUERY_RESOLVE | COPY_SRC });
    const staging = this.#device.createBuffer({ size, usage: MAP_READ | COPY_DST });
    const encoder = this.#device.createCommandEncoder();
    for (const [i, set] of this.#sets.entries()) {
      const count = Math.min(QUERIES, 2 * this.#spans.length - i * QUERIES);
      encoder.resolveQuerySet(set, 0, count, resolved, i * bytes);
    }
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
    this.#device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const times = new BigUint64Array(staging.getMappedRange().slice(0));
    for (const each of [resolved, staging, ...this.#sets]) each.destroy();
    // WebGPU's timestamps are nanoseconds.
    return this.#spans.map((span, i) => ({
      ...span,
      start: Number(times[2 * i] - times[0]) / 1e6,
      milliseconds: Number(times[2 * i + 1] - times[2 * i]) / 1e6,
    }));
  }
}
