import type { Picture } from "../../data/dataset.ts";
import { resizeLikePillow } from "../../data/resize.ts";
import { writeNormalised } from "../../data/transform.ts";
import type { OpenedModel } from "../../model/stored/open_model.ts";
import { BatchMaps, type MapOptions } from "./batch_maps.ts";

/** The maps of one picture: the whole of it, whatever its aspect, as large as the model takes it. */
export function mapsOfPicture(
  { model, crop }: Pick<OpenedModel, "model" | "crop">,
  picture: Picture,
  options?: MapOptions,
): BatchMaps {
  const images = new Float32Array(4 * crop * crop);
  writeNormalised(resizeLikePillow(picture, crop, crop), crop, images, 0);
  return new BatchMaps(model, { images, size: 1, indices: Uint32Array.of(0) }, options);
}
