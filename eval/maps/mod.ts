/**
 * Attribution maps of a batch of pictures: CALM's, CAM's, and those of gradient methods.
 *
 * @example The joint map p(ŷ, z | x) of a model with first weights.
 * ```ts
 * import assert from "node:assert/strict";
 * import { Gpu } from "@calm/webgpu/engine";
 * import { BatchMaps } from "@calm/webgpu/maps";
 * import { buildModel } from "@calm/webgpu/model";
 *
 * const gpu = await Gpu.request();
 * const model = buildModel(gpu, {
 *   arch: "small-resnet",
 *   method: "calm-em",
 *   prior: "relu",
 *   detachNormaliser: true,
 *   classes: 3,
 * }, 0);
 * const images = Float32Array.from({ length: 32 * 32 * 4 }, (_, i) => i % 4 < 3 ? Math.random() : 0);
 * const maps = new BatchMaps(model, { images, size: 1, indices: Uint32Array.of(0) });
 * const [{ predicted, probabilities }] = await maps.explanations();
 * const joint = (await maps.of("joint", [[predicted]]))(0, predicted);
 * const total = joint.values.reduce((a, b) => a + b, 0);
 * assert.ok(Math.abs(total - probabilities[predicted]) < 1e-5, "it adds up to p(ŷ | x)");
 * gpu.destroy();
 * ```
 *
 * @module
 */
export { BatchMaps, type MapOptions, type MapsOfBatch } from "./batch_maps.ts";
export {
  type AttributionMap,
  explain,
  type Explanation,
  likeliest,
  type OtherClasses,
  runnerUp,
} from "./explain.ts";
export {
  ATTRIBUTION_KINDS,
  type AttributionKind,
  type GradCamKind,
  type GradientKind,
  isSigned,
  type KindFrom,
  type KindOfMap,
  KINDS,
  type MapKind,
  mapKinds,
  type MappedModel,
  needsPasses,
  ownKind,
  ownKinds,
} from "./kinds.ts";
export { upscale, type Upscaling } from "./upscale.ts";
export { mapsOfPicture } from "./picture_maps.ts";
