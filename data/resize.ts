import type { Picture } from "./dataset.ts";

/** Fractional bits of the coefficients: Pillow's PRECISION_BITS for 8-bit pictures. */
const PRECISION = 32 - 8 - 2;

/** A filter's weight at a distance from its centre, and the distance from which it is zero. */
interface Filter {
  readonly support: number;
  weight(distance: number): number;
}

const FILTERS: Readonly<Record<"bilinear" | "bicubic", Filter>> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  /** Keys' cubic with a = −½. */
  bicubic: {
    support: 2,
    weight(x) {
      x = Math.abs(x);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
    },
  },
};

/**
 * Resizes as Pillow's `Image.resize(size, BILINEAR)` or `BICUBIC` does, to the last bit: antialiased
 * when shrinking, in 8-bit fixed-point arithmetic, columns first, then rows, the result of each pass
 * rounded to 8 bits. PyTorch's transforms on PIL pictures are this function.
 */
export function resizeLikePillow(
  picture: Picture,
  width: number,
  height: number,
  filter: "bilinear" | "bicubic" = "bilinear",
): Picture {
  let { data } = picture;
  if (width !== picture.width) {
    const taps = coefficients(picture.width, width, FILTERS[filter]);
    data = pass(data, taps, {
      lines: picture.height,
      lineStep: 3 * picture.width,
      step: 3,
      outLineStep: 3 * width,
      outStep: 3,
    });
  }
  if (height !== picture.height) {
    const taps = coefficients(picture.height, height, FILTERS[filter]);
    data = pass(data, taps, {
      lines: width,
      lineStep: 3,
      step: 3 * width,
      outLineStep: 3,
      outStep: 3 * width,
    });
  }
  return { width, height, data };
}

/** For each output position the first input position and its fixed-point weights. */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `size` weights for each output position. */
  readonly weights: Int32Array;
  readonly size: number;
}

function coefficients(from: number, to: number, filter: Filter): Taps {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = filter.support * stretch;
  const size = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  const weights = new Int32Array(to * size);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const start = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), from);
    const exact: number[] = [];
    for (let x = start; x < end; x++) {
      exact.push(filter.weight((x - centre + 0.5) / stretch));
    }
    const total = exact.reduce((a, b) => a + b, 0);
    first[i] = start;
    count[i] = exact.length;
    for (const [k, w] of exact.entries()) {
      weights[i * size + k] = Math.trunc(Math.sign(w) * 0.5 + w / total * (1 << PRECISION));
    }
  }
  return { first, count, weights, size };
}

/** One pass along rows or columns of an interleaved RGB picture. */
function pass(
  data: Uint8Array,
  { first, count, weights, size }: Taps,
  { lines, lineStep, step, outLineStep, outStep }: {
    readonly lines: number;
    readonly lineStep: number;
    readonly step: number;
    readonly outLineStep: number;
    readonly outStep: number;
  },
): Uint8Array {
  const out = new Uint8Array(lines * first.length * 3);
  const half = 1 << (PRECISION - 1);
  for (let i = 0; i < first.length; i++) {
    for (let line = 0; line < lines; line++) {
      let red = half, green = half, blue = half;
      let at = line * lineStep + first[i] * step;
      for (let k = 0; k < count[i]; k++) {
        const w = weights[i * size + k];
        red += data[at] * w;
        green += data[at + 1] * w;
        blue += data[at + 2] * w;
        at += step;
      }
      const to = line * outLineStep + i * outStep;
      out[to] = clamp(red >> PRECISION);
      out[to + 1] = clamp(green >> PRECISION);
      out[to + 2] = clamp(blue >> PRECISION);
    }
  }
  return out;
}

/** The cubic filter overshoots at edges. */
function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
