import { UserError } from "./errors.ts";
import { type Kernel, packParameters, type Parameters } from "./kernel.ts";
import type { BufferSlice, PooledBuffer } from "./memory.ts";

/**
 * What a dispatch binds: pipelines, uniform structs and bind groups. Each is made once and found
 * again, so that nothing is made after the first step of a training run.
 */
export class Bindings {
  #device: GPUDevice;
  #report: (error: Error) => void;
  #pipelines = new Map<string, GPUComputePipeline>();
  #uniforms = new Map<string, GPUBuffer>();
  #groups = new Map<string, GPUBindGroup>();
  #groupsOfBuffer = new Map<number, string[]>();
  #pending: Promise<void>[] = [];

  /**
   * Without anything made yet.
   *
   * @param report told of shaders that do not compile, before `check` returns
   */
  constructor(device: GPUDevice, report: (error: Error) => void) {
    this.#device = device;
    this.#report = report;
  }

  /** The pipeline of a kernel, compiled at its first use. */
  pipeline(kernel: Kernel): GPUComputePipeline {
    const known = this.#pipelines.get(kernel.id);
    if (known) return known;
    this.#device.pushErrorScope("validation");
    const module = this.#device.createShaderModule({ label: kernel.name, code: kernel.source });
    const pipeline = this.#device.createComputePipeline({
      label: kernel.key,
      layout: "auto",
      compute: { module, entryPoint: "main", constants: { ...kernel.constants } },
    });
    this.#pending.push(
      this.#device.popErrorScope().then((error) => {
        if (!error) return;
        this.#report(
          new UserError(`The shader ${kernel.name} does not compile: ${error.message}`, {
            cause: error,
          }),
        );
      }),
    );
    this.#pipelines.set(kernel.id, pipeline);
    return pipeline;
  }

  /**
   * The bind group of a dispatch. The pool hands out the same buffers in every step, so it is found
   * again, too.
   */
  group(
    kernel: Kernel,
    parameters: Parameters | undefined,
    buffers: readonly PooledBuffer[],
  ): GPUBindGroup {
    const uniform = parameters ? this.#uniform(kernel, parameters) : null;
    const places = buffers.map((buffer) =>
      "offset" in buffer
        ? `${buffer.id}+${(buffer as BufferSlice).offset}:${buffer.bytes}`
        : buffer.id
    );
    const key = `${kernel.id}|${uniform?.label}|${places.join()}`;
    const known = this.#groups.get(key);
    if (known) return known;
    const group = this.#device.createBindGroup({
      label: kernel.name,
      layout: this.pipeline(kernel).getBindGroupLayout(0),
      entries: [
        ...(uniform ? [{ binding: 0, resource: { buffer: uniform } }] : []),
        ...buffers.map((pooled, i) => ({ binding: i + 1, resource: resource(pooled) })),
      ],
    });
    this.#groups.set(key, group);
    for (const { id } of buffers) {
      const keys = this.#groupsOfBuffer.get(id);
      if (keys) keys.push(key);
      else this.#groupsOfBuffer.set(id, [key]);
    }
    return group;
  }

  /** Drops the bind groups of a buffer that goes. */
  forget({ id }: PooledBuffer): void {
    for (const key of this.#groupsOfBuffer.get(id) ?? []) this.#groups.delete(key);
    this.#groupsOfBuffer.delete(id);
  }

  /** Waits until it is known whether the shaders compiled. */
  async check(): Promise<void> {
    await Promise.all(this.#pending.splice(0));
  }

  /** Parameters repeat from step to step, so each distinct struct is one immutable buffer. */
  #uniform(kernel: Kernel, parameters: Parameters): GPUBuffer {
    const words = packParameters(kernel, parameters);
    const key = words.join();
    let buffer = this.#uniforms.get(key);
    if (!buffer) {
      buffer = this.#device.createBuffer({
        label: key,
        size: words.byteLength,
        usage: GPUBufferUsage.UNIFORM,
        mappedAtCreation: true,
      });
      new Uint32Array(buffer.getMappedRange()).set(words);
      buffer.unmap();
      this.#uniforms.set(key, buffer);
    }
    return buffer;
  }
}

function resource(pooled: PooledBuffer | BufferSlice): GPUBufferBinding {
  const { buffer, bytes } = pooled;
  return "offset" in pooled ? { buffer, offset: pooled.offset, size: bytes } : { buffer };
}
