/**
 * Attribution maps of a batch of pictures.
 *
 * @module
 */
export { BatchMaps, type MapOptions, type MapsOfBatch } from "./batch_maps.ts";
export { type AttributionMap, explain, type Explanation, likeliest, runnerUp } from "./explain.ts";
export { ATTRIBUTION_KINDS, type AttributionKind, mapKinds } from "./kinds.ts";
export { upscale } from "./upscale.ts";
