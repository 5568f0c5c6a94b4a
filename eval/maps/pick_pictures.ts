import type { Batch } from "../../data/loader.ts";

/** The pictures at some positions of a batch, in that order; a position may come several times. */
export function pickPictures(
  { images, size }: Pick<Batch, "images" | "size">,
  positions: readonly number[],
): Float32Array<ArrayBuffer> {
  const stride = images.length / size;
  const picked = new Float32Array(positions.length * stride);
  for (const [i, n] of positions.entries()) {
    picked.set(images.subarray(n * stride, (n + 1) * stride), i * stride);
  }
  return picked;
}
