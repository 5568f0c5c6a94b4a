/**
 * Pictures: decoding, resizing as Pillow does, normalising.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { resizeLikePillow, writeNormalised } from "@calm/webgpu/data";
 *
 * const red = { width: 2, height: 1, data: Uint8Array.of(255, 0, 0, 255, 0, 0) };
 * const square = resizeLikePillow(red, 8, 8);
 * const input = new Float32Array(8 * 8 * 4); // channels are padded to 4
 * writeNormalised(square, 8, input, 0);
 * assert.ok(Math.abs(input[0] - (1 - 0.485) / 0.229) < 1e-6);
 * ```
 *
 * @module
 */
export { decodePicture } from "./codecs.ts";
export type { Picture } from "./dataset.ts";
export { resizeLikePillow } from "./resize.ts";
export { type Augmentation, type Transform, writeNormalised } from "./transform.ts";
