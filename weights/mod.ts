/**
 * Reads and writes weights: safetensors, and PyTorch's files without running anything in them.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { bytesSource, encodeSafetensors, readStateFile } from "@calm/webgpu/weights";
 *
 * const bias = { shape: [2], data: Float32Array.of(1, -1) };
 * const tensors = new Map([["bias", bias]]);
 * const bytes = await encodeSafetensors({ tensors, metadata: { made: "by hand" } });
 * const file = await readStateFile(bytesSource(bytes, "in memory"));
 * assert.deepEqual(file.tensors.get("bias")?.shape, [2]);
 * ```
 *
 * @module
 */
export { type ByteSource, bytesSource } from "./byte_source.ts";
export {
  ELEMENT_BYTES,
  type ElementType,
  type HostTensor,
  readFloat32,
  type StoredTensor,
} from "./host_tensor.ts";
export { encodeSafetensors, type TensorFile } from "./safetensors.ts";
export {
  type OpeningOptions,
  openStateFile,
  readStateFile,
  type StateFile,
  type StateFileOptions,
} from "./state_file.ts";
