/**
 * Tensors, autograd and operations on any WebGPU device, in Deno and in browsers.
 *
 * Pictures are `[batch, height, width, channels]` (NHWC). Operations record how their result came
 * about; `backward` leaves gradients in the parameters.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { backward, Gpu, multiply, sum, Tensor } from "@calm/webgpu/engine";
 *
 * const gpu = await Gpu.request();
 * const x = Tensor.from(gpu, [1, 2, 3], [3]).asParameter();
 * backward(sum(multiply(x, x)));
 * assert.equal((await x.gradient!.read()).join(), "2,4,6");
 * gpu.destroy();
 * ```
 *
 * @module
 */
export { backward, record } from "./autograd.ts";
export { UserError } from "./errors.ts";
export {
  type AdapterDescription,
  type Dispatch,
  Gpu,
  type GpuOptions,
  type Scoped,
} from "./gpu.ts";
export { Kernel, linear, type Parameters, type Uniform, type Workgroups } from "./kernel.ts";
export { type MemoryAccount, OutOfMemoryError, type PooledBuffer } from "./memory.ts";
export type { ProfiledSection, Span } from "./profiler.ts";
export { Random, type RandomState } from "./random.ts";
export { type DataType, type GraphNode, type Slice, Tensor } from "./tensor.ts";
export * from "./ops/batch_norm.ts";
export * from "./ops/concat.ts";
export * from "./ops/conv2d.ts";
export * from "./ops/cross_entropy.ts";
export * from "./ops/dropout.ts";
export * from "./ops/elementwise.ts";
export * from "./ops/pool.ts";
export * from "./ops/reduce.ts";
export * from "./ops/resize_bilinear.ts";
export * from "./ops/scale_rows.ts";
export * from "./ops/softmax.ts";
