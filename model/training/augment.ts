import { type CutMixOptions, drawMixing, mix, type MixedLabels } from "../../data/cutmix.ts";
import { drawHidden, type HasOptions, hideCells } from "../../data/hide_and_seek.ts";
import type { Batch } from "../../data/loader.ts";
import { extentOf } from "../../data/transform.ts";
import type { Step } from "../module.ts";

/** What becomes of the pictures of a batch before a network sees them, besides cutting and mirroring. */
export interface Augmentation {
  /** HaS: hide cells. */
  readonly has?: HasOptions;
  /** CutMix: replace a rectangle by another picture's. */
  readonly cutmix?: CutMixOptions;
}

/**
 * The batch of a step as the network is fed it. What is hidden of a picture is a function of seed,
 * epoch and picture, what is mixed of seed, epoch and batch, so that a resumed run has the same.
 */
export function augment(
  batch: Pick<Batch, "images" | "labels" | "indices" | "size">,
  { has, cutmix }: Augmentation,
  { seed, epoch, batch: number }: Step,
): { readonly images: Batch["images"]; readonly mixed?: MixedLabels } {
  const { images, indices, size } = batch;
  const extent = extentOf(batch);
  if (has) hideCells(batch, (n) => drawHidden(has, extent, { seed, epoch, index: indices[n] }));
  const mixing = cutmix && drawMixing(cutmix, { size, extent }, { seed, epoch, batch: number });
  return mixing ? mix(batch, mixing) : { images };
}
