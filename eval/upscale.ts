import type { AttributionMap } from "./attribution/explain.ts";

/**
 * A map at `side × side` pixels: bilinear with half-pixel centres and edges held, OpenCV's
 * `INTER_LINEAR`, which the paper and its code scale maps up with.
 */
export function upscale({ width, height, values }: AttributionMap, side: number): Float64Array {
  const columns = taps(width, side);
  const rows = taps(height, side);
  const out = new Float64Array(side * side);
  // Each source row once along x, then pairs of them along y.
  const wide = new Float64Array(height * side);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < side; x++) {
      const { first, second, weight } = columns[x];
      const left = values[y * width + first];
      wide[y * side + x] = left + (values[y * width + second] - left) * weight;
    }
  }
  for (let y = 0; y < side; y++) {
    const { first, second, weight } = rows[y];
    for (let x = 0; x < side; x++) {
      const top = wide[first * side + x];
      out[y * side + x] = top + (wide[second * side + x] - top) * weight;
    }
  }
  return out;
}

function taps(from: number, to: number) {
  return Array.from({ length: to }, (_, i) => {
    const position = Math.max(0, Math.min(from - 1, (i + 0.5) * from / to - 0.5));
    const first = Math.floor(position);
    return { first, second: Math.min(first + 1, from - 1), weight: position - first };
  });
}
