import type { AttributionMap } from "./explain.ts";

/**
 * How maps are scaled up: `linear`, OpenCV's `INTER_LINEAR`, as the paper and its code do, or `cubic`,
 * its `INTER_CUBIC`, as the WSOL benchmark does.
 */
export type Upscaling = "linear" | "cubic";

/** Both, for options; the paper's first. */
export const UPSCALINGS: readonly Upscaling[] = ["linear", "cubic"];

/**
 * A map at `side × side` pixels, with half-pixel centres and edges held. A cubic one may go beyond the
 * smallest and largest value.
 */
export function upscale(
  { width, height, values }: AttributionMap,
  side: number,
  how: Upscaling = "linear",
): Float64Array {
  const taps = how === "linear" ? linearTaps : cubicTaps;
  const columns = taps(width, side);
  const rows = taps(height, side);
  const out = new Float64Array(side * side);
  // Each source row once along x, then some of them along y.
  const wide = new Float64Array(height * side);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < side; x++) {
      const { from, others } = columns[x];
      const start = values[y * width + from];
      let sum = start;
      for (const { at, weight } of others) sum += (values[y * width + at] - start) * weight;
      wide[y * side + x] = sum;
    }
  }
  for (let y = 0; y < side; y++) {
    const { from, others } = rows[y];
    for (let x = 0; x < side; x++) {
      const start = wide[from * side + x];
      let sum = start;
      for (const { at, weight } of others) sum += (wide[at * side + x] - start) * weight;
      out[y * side + x] = sum;
    }
  }
  return out;
}

/**
 * Which source values make a value: one, and how much of the others' differences from it. Where all
 * are equal the value is exactly theirs, so that plateaus stay plateaus.
 */
interface Taps {
  readonly from: number;
  readonly others: readonly { readonly at: number; readonly weight: number }[];
}

function linearTaps(from: number, to: number): Taps[] {
  return Array.from({ length: to }, (_, i) => {
    const position = Math.max(0, Math.min(from - 1, (i + 0.5) * from / to - 0.5));
    const first = Math.floor(position);
    const next = { at: Math.min(first + 1, from - 1), weight: position - first };
    return { from: first, others: [next] };
  });
}

/** Keys's cubic convolution with OpenCV's constant of −0.75. */
function cubicTaps(from: number, to: number): Taps[] {
  const A = -0.75;
  const near = (t: number) => ((A + 2) * t - (A + 3)) * t * t + 1;
  const far = (t: number) => ((A * t - 5 * A) * t + 8 * A) * t - 4 * A;
  const clamp = (at: number) => Math.max(0, Math.min(from - 1, at));
  return Array.from({ length: to }, (_, i) => {
    const position = (i + 0.5) * from / to - 0.5;
    const first = Math.floor(position);
    const t = position - first;
    return {
      from: clamp(first),
      others: [
        { at: clamp(first - 1), weight: far(t + 1) },
        { at: clamp(first + 1), weight: near(1 - t) },
        { at: clamp(first + 2), weight: far(2 - t) },
      ],
    };
  });
}
