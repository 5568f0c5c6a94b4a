/**
 * Reads and writes weights: safetensors, and PyTorch's files without running anything in them.
 *
 * @module
 */
export { type ByteSource, bytesSource } from "./byte_source.ts";
export type { HostTensor, StoredTensor } from "./host_tensor.ts";
export { encodeSafetensors } from "./safetensors.ts";
export { openStateFile, readStateFile, type StateFile } from "./state_file.ts";
