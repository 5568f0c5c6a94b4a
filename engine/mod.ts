/**
 * Tensors, autograd and operations on any WebGPU device, in Deno and in browsers.
 *
 * @module
 */
export { backward, record } from "./autograd.ts";
export { Interrupted, UserError } from "./errors.ts";
export { type AdapterDescription, type Dispatch, Gpu, type GpuOptions } from "./gpu.ts";
export { Kernel, linear } from "./kernel.ts";
export { Random } from "./random.ts";
export { Tensor } from "./tensor.ts";
export * from "./ops/batch_norm.ts";
export * from "./ops/concat.ts";
export * from "./ops/conv2d.ts";
export * from "./ops/cross_entropy.ts";
export * from "./ops/elementwise.ts";
export * from "./ops/pool.ts";
export * from "./ops/reduce.ts";
export * from "./ops/resize_bilinear.ts";
export * from "./ops/softmax.ts";
