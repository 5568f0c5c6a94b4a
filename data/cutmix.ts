import { Random } from "../engine/random.ts";
import type { Batch } from "./loader.ts";
import { extentOf } from "./transform.ts";

/** How CutMix mixes training pictures. */
export interface CutMixOptions {
  /** Both parameters of the beta distribution that the share of a picture's own pixels is drawn from. */
  readonly beta: number;
  /** Probability that a batch is mixed. */
  readonly probability: number;
}

/** The benchmark's defaults. */
export const CUTMIX: CutMixOptions = { beta: 1, probability: 1 };

/** How a batch is mixed. */
export interface Mixing {
  /** The picture that a part of each comes from. */
  readonly partners: Uint32Array;
  /** The rectangle that comes from the partner, the same in all pictures; right and bottom exclusive. */
  readonly box: readonly [left: number, top: number, right: number, bottom: number];
}

/** The labels of a mixed batch besides its own. */
export interface MixedLabels {
  /** `[size]`: the class of each picture's partner. */
  readonly labels: Uint32Array<ArrayBuffer>;
  /** λ, the share of the pixels that are a picture's own. */
  readonly share: number;
}

/** The mixing of one batch of one epoch; null where it stays as it is. */
export function drawMixing(
  { beta, probability }: CutMixOptions,
  { size, extent }: { readonly size: number; readonly extent: number },
  { seed, epoch, batch }: { readonly seed: number; readonly epoch: number; readonly batch: number },
): Mixing | null {
  const random = Random.of(seed, 0xc07, epoch, batch);
  if (!(random.uniform() < probability && beta > 0)) return null;
  const share = random.beta(beta, beta);
  const partners = random.permutation(size);
  const half = Math.floor(Math.floor(extent * Math.sqrt(1 - share)) / 2);
  const [x, y] = [random.int(extent), random.int(extent)];
  const within = (edge: number) => Math.max(0, Math.min(extent, edge));
  const box = [within(x - half), within(y - half), within(x + half), within(y + half)] as const;
  return { partners, box };
}

/**
 * CutMix (Yun et al., 2019): a rectangle of each picture is replaced by that of its partner, and the
 * loss is λ · L(y) + (1 − λ) · L(y of the partner).
 *
 * @returns the mixed pictures; the batch stays as it is
 */
export function mix(
  { images, labels, size }: Pick<Batch, "images" | "labels" | "size">,
  { partners, box: [left, top, right, bottom] }: Mixing,
): { readonly images: Float32Array<ArrayBuffer>; readonly mixed: MixedLabels } {
  const extent = extentOf({ images, size });
  const out = images.slice();
  for (let n = 0; n < size; n++) {
    for (let y = top; y < bottom; y++) {
      const from = ((partners[n] * extent + y) * extent) * 4;
      const to = ((n * extent + y) * extent) * 4;
      out.set(images.subarray(from + 4 * left, from + 4 * right), to + 4 * left);
    }
  }
  const share = 1 - (right - left) * (bottom - top) / extent ** 2;
  return { images: out, mixed: { labels: Uint32Array.from(partners, (n) => labels[n]), share } };
}
