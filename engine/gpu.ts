import { Bindings } from "./bindings.ts";
import { dryDevice } from "./dry_device.ts";
import { UserError } from "./errors.ts";
import { Kernel, type Parameters, type Workgroups } from "./kernel.ts";
import { BufferPool, type MemoryAccount, offsetOf, type PooledBuffer } from "./memory.ts";
import { type ProfiledSection, Profiler, type Span } from "./profiler.ts";

/** What the adapter says of itself. */
export interface AdapterDescription {
  /** The driver's own words, e.g. `llvmpipe (LLVM 15.0.6, 256 bits)`. */
  readonly description: string;
  /** PCI vendor, as a number or a name. */
  readonly vendor: string;
  /** GPU family, often empty. */
  readonly architecture: string;
  /** True for a software adapter: shaders run on the processor. */
  readonly fallback: boolean;
}

/** How to open a device. */
export interface GpuOptions {
  /** `"high-performance"` (default) or `"low-power"`, where there are two GPUs. */
  readonly powerPreference?: GPUPowerPreference;
  /** Most bytes of tensors, live and pooled; default: what the device gives. */
  readonly memoryLimit?: number;
}

/** One dispatch: what it reads and writes, its parameters and its size. */
export interface Dispatch {
  /** Storage buffers at bindings 1, 2, … of group 0. */
  readonly buffers: readonly PooledBuffer[];
  /** Numbers at binding 0 by the shader's names for them; leave out when it has none. */
  readonly parameters?: Parameters;
  /** Number of workgroups. */
  readonly workgroups: Workgroups;
}

/** What a scope disposes of: a tensor. */
export interface Scoped {
  /** True when a scope must leave it. */
  readonly kept: boolean;
  /** True when it has been given back already. */
  readonly disposed: boolean;
  /** Gives its memory back. */
  dispose(): void;
}

/**
 * A WebGPU device with its memory, compiled kernels and the commands that were recorded but not
 * yet submitted.
 *
 * Commands run in order. `run` records into one open compute pass; `submit`, `read` and `idle`
 * send it off. Errors of the device are collected and thrown by the next `read` or `idle`.
 *
 * @example
 * ```ts
 * const gpu = await Gpu.request();
 * const x = Tensor.from(gpu, [1, 2, 3], [3]);
 * console.log(await x.read());
 * gpu.destroy();
 * ```
 */
export class Gpu {
  /** False inside `withoutGradients`: operations leave no trace for the backward pass. */
  recordsGradients = true;
  /** Variants that were measured to be the fastest on this adapter, see `choiceKey`; none at first. */
  choices: ReadonlyMap<string, string> = new Map();
  /** Most bytes of a tensor that a kernel is handed at once; larger ones are handed in slices. */
  bindingLimit: number;
  #profiler: Profiler | null = null;
  #section: ProfiledSection | null = null;
  #replacements = new Map<string, { readonly source: string; readonly label: string }>();
  #memoryLimit: number;
  #pool: BufferPool;
  #bindings: Bindings;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #scopes: Scoped[][] = [];
  #errors: Error[] = [];
  #destroyed = false;

  private constructor(
    readonly device: GPUDevice,
    readonly adapter: AdapterDescription,
    memoryLimit: number,
  ) {
    this.#memoryLimit = memoryLimit;
    this.bindingLimit = device.limits.maxStorageBufferBindingSize;
    const report = (error: Error) => this.#errors.push(error);
    this.#bindings = new Bindings(device, report);
    this.#pool = new BufferPool(device, memoryLimit, (buffer) => this.#bindings.forget(buffer));
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      report(new Error(`WebGPU: ${(event as GPUUncapturedErrorEvent).error.message}`));
    });
    device.lost.then(({ reason, message }) => {
      if (!this.#destroyed) {
        report(new UserError(`The GPU device was lost (${reason}): ${message}`));
      }
    });
  }

  /**
   * Opens the adapter that WebGPU offers, with all of its limits.
   *
   * @throws {UserError} when there is no adapter
   */
  static async request(options: GpuOptions = {}): Promise<Gpu> {
    const { powerPreference = "high-performance", memoryLimit = Infinity } = options;
    const adapter = await navigator.gpu?.requestAdapter({ powerPreference });
    if (!adapter) {
      throw new UserError(
        "No WebGPU adapter was found: run ./calm doctor, it says what is missing and how to " +
          "install it",
      );
    }
    const optional: GPUFeatureName[] = ["timestamp-query", "shader-f16"];
    const device = await adapter.requestDevice({
      requiredFeatures: optional.filter((feature) => adapter.features.has(feature)),
      requiredLimits: everyLimit(adapter.limits),
    });
    const { info } = adapter;
    return new Gpu(device, {
      description: info.description || `${info.vendor} ${info.architecture}`.trim() || "unnamed",
      vendor: info.vendor,
      architecture: info.architecture,
      fallback: info.isFallbackAdapter ?? false,
    }, memoryLimit);
  }

  /**
   * The same adapter with a device that does nothing: what runs on it allocates and dispatches as
   * it would here, so that memory and work can be counted before they are spent.
   */
  dry(): Gpu {
    const gpu = new Gpu(dryDevice(this.device.limits), this.adapter, this.#memoryLimit);
    gpu.choices = this.choices;
    return gpu;
  }

  /** A device that does nothing and has no limits, where there is no adapter: for shapes alone. */
  static imagined(): Gpu {
    const limits = {
      maxBufferSize: Number.MAX_SAFE_INTEGER,
      maxStorageBufferBindingSize: Number.MAX_SAFE_INTEGER,
      minStorageBufferOffsetAlignment: 256,
    } as GPUSupportedLimits;
    const adapter = { description: "none", vendor: "", architecture: "", fallback: false };
    return new Gpu(dryDevice(limits), adapter, Infinity);
  }

  /** Bytes of tensors: live, peak, pooled. */
  get memory(): MemoryAccount {
    return this.#pool.account;
  }

  /** A buffer of at least `bytes` with undefined contents. */
  allocate(bytes: number): PooledBuffer {
    if (this.#pool.isCrowded(bytes)) this.#trim();
    return this.#pool.allocate(bytes);
  }

  /** Takes a buffer back; the commands recorded so far may still use it. */
  release(buffer: PooledBuffer): void {
    this.#pool.release(buffer);
  }

  /** Records one dispatch of a kernel. */
  run(kernel: Kernel, { buffers, parameters, workgroups }: Dispatch): void {
    kernel = this.effective(kernel);
    const pipeline = this.#bindings.pipeline(kernel);
    const bindGroup = this.#bindings.group(kernel, parameters, buffers);
    this.#encoder ??= this.device.createCommandEncoder();
    if (this.#profiler) {
      // Timestamps are written where a pass begins and ends, so each dispatch has its own.
      this.#endPass();
      const bytes = buffers.reduce((sum, buffer) => sum + buffer.bytes, 0);
      const span = { kernel: kernel.key, section: this.#section, bytes };
      this.#pass = this.#encoder.beginComputePass(this.#profiler.pass(span));
    }
    this.#pass ??= this.#encoder.beginComputePass();
    this.#pass.setPipeline(pipeline);
    this.#pass.setBindGroup(0, bindGroup);
    this.#pass.dispatchWorkgroups(...workgroups as [number, number, number]);
  }

  /** Writes bytes from the processor; they are seen by the commands recorded afterwards. */
  write(buffer: PooledBuffer, data: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): void {
    // Queue writes happen at once, so what was recorded before has to go first.
    this.submit();
    this.device.queue.writeBuffer(buffer.buffer, offsetOf(buffer), data);
  }

  /** Copies the first `bytes` of one buffer to another. */
  copy(from: PooledBuffer, to: PooledBuffer, bytes: number): void {
    this.#endPass();
    this.#encoder ??= this.device.createCommandEncoder();
    this.#encoder.copyBufferToBuffer(from.buffer, offsetOf(from), to.buffer, offsetOf(to), bytes);
  }

  /** Sends the recorded commands to the GPU. */
  submit(): void {
    this.#endPass();
    if (this.#encoder) {
      this.device.queue.submit([this.#encoder.finish()]);
      this.#encoder = null;
    }
  }

  /**
   * Reads the first `bytes` of a buffer back. Costs about 11 ms whatever the size: read rarely.
   *
   * @throws what the device reported since the last call
   */
  async read(buffer: PooledBuffer, bytes: number): Promise<ArrayBuffer> {
    const size = Math.ceil(bytes / 4) * 4;
    const staging = this.device.createBuffer({
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    try {
      this.#endPass();
      this.#encoder ??= this.device.createCommandEncoder();
      this.#encoder.copyBufferToBuffer(buffer.buffer, offsetOf(buffer), staging, 0, size);
      this.submit();
      await staging.mapAsync(GPUMapMode.READ).catch((error) => this.#errors.push(error));
      await this.check();
      return staging.getMappedRange().slice(0, bytes);
    } finally {
      staging.destroy();
    }
  }

  /** Waits until the GPU has done everything, and throws what it reported. */
  async idle(): Promise<void> {
    this.submit();
    await this.device.queue.onSubmittedWorkDone();
    await this.check();
  }

  /** Throws the first error of the device since the last check. */
  async check(): Promise<void> {
    await this.#bindings.check();
    await this.#pool.check();
    const [first] = this.#errors.splice(0);
    if (first) throw first;
  }

  /**
   * Runs `body` and disposes of every tensor it made, except those it returns (one tensor, or
   * tensors in an array or a plain object) and those that were kept with `keep`. `body` must not
   * be asynchronous: whatever is made before it returns belongs to it.
   */
  scope<T>(body: () => T): T {
    const made: Scoped[] = [];
    this.#scopes.push(made);
    let result: T;
    try {
      result = body();
    } catch (error) {
      this.#scopes.pop();
      for (const tensor of made) tensor.dispose();
      throw error;
    }
    this.#scopes.pop();
    const outer = this.#scopes.at(-1);
    const returned = tensorsIn(result);
    for (const tensor of made) {
      if (tensor.kept || tensor.disposed) continue;
      if (returned.has(tensor)) outer?.push(tensor);
      else tensor.dispose();
    }
    return result;
  }

  /** Called by every new tensor, so that the scope around it can dispose of it. */
  track(tensor: Scoped): void {
    this.#scopes.at(-1)?.push(tensor);
  }

  /** Runs `body` without recording for a backward pass. */
  withoutGradients<T>(body: () => T): T {
    const before = this.recordsGradients;
    this.recordsGradients = false;
    try {
      return body();
    } finally {
      this.recordsGradients = before;
    }
  }

  /**
   * Runs another text in place of a shader, or the shipped one again. The text has to keep the
   * shader's bindings; constants that it does not declare are not handed to it.
   *
   * @param name the shader's file name without its ending
   * @param replacement its text, and the name that messages call it by
   */
  replaceShader(
    name: string,
    replacement: { readonly source: string; readonly label: string } | null,
  ): void {
    if (replacement) this.#replacements.set(name, replacement);
    else this.#replacements.delete(name);
  }

  /** What runs for a kernel: itself, or what `replaceShader` put in its place. */
  effective(kernel: Kernel): Kernel {
    const replacement = this.#replacements.get(kernel.name);
    if (!replacement) return kernel;
    const { source, label } = replacement;
    const declared = Object.entries(kernel.constants)
      .filter(([constant]) => new RegExp(`override\\s+${constant}\\b`).test(source));
    return new Kernel(label, source, Object.fromEntries(declared));
  }

  /** True when dispatches can be timed on the GPU. */
  get hasTimestamps(): boolean {
    return this.device.features.has("timestamp-query");
  }

  /**
   * From here on every dispatch is timed, in a compute pass of its own, until `endProfile`.
   *
   * @throws {UserError} when the adapter has no timestamps
   */
  beginProfile(): void {
    if (!this.hasTimestamps) {
      throw new UserError(`${this.adapter.description} cannot time shaders (no timestamp-query)`);
    }
    this.submit();
    this.#profiler = new Profiler(this.device);
  }

  /** Stops timing and returns one entry for each dispatch since `beginProfile`, in their order. */
  async endProfile(): Promise<Span[]> {
    const profiler = this.#profiler;
    if (!profiler) throw new Error("endProfile without beginProfile");
    this.#profiler = null;
    this.submit();
    const spans = await profiler.read();
    await this.check();
    return spans;
  }

  /** Attributes the dispatches of `body` to a section of the profile. */
  section<T>(describe: () => ProfiledSection, body: () => T): T {
    if (!this.#profiler) return body();
    const outer = this.#section;
    this.#section = describe();
    try {
      return body();
    } finally {
      this.#section = outer;
    }
  }

  /** Gives everything back. The object cannot be used afterwards. */
  destroy(): void {
    this.#destroyed = true;
    this.device.destroy();
  }

  /** Destroys the pooled buffers; recorded commands that use them have to go first. */
  #trim(): void {
    this.submit();
    this.#pool.trim();
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
  }
}

/** The adapter's own limits, in the form in which a device is asked for them. */
function everyLimit(limits: GPUSupportedLimits): Record<string, number> {
  const wanted: Record<string, number> = {};
  for (const name in limits) {
    const value = limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") wanted[name] = value;
  }
  return wanted;
}

function tensorsIn(result: unknown): Set<unknown> {
  if (result === null || typeof result !== "object") return new Set();
  return new Set([result, ...Object.values(result)]);
}
