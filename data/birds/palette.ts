import type { Random } from "../../engine/random.ts";

/** CUB's colour names (without `iridescent`) and the sRGB value each is painted with. */
export const PALETTE = {
  blue: [43, 104, 196],
  brown: [104, 70, 44],
  purple: [112, 56, 150],
  rufous: [170, 74, 30],
  grey: [138, 146, 156],
  yellow: [246, 208, 38],
  olive: [124, 124, 44],
  green: [52, 142, 62],
  pink: [238, 136, 168],
  orange: [242, 128, 28],
  black: [34, 33, 40],
  white: [246, 243, 234],
  red: [206, 36, 40],
  buff: [222, 186, 134],
} as const satisfies Record<string, readonly [number, number, number]>;

/** A colour name as it ends an attribute, `has_wing_color::blue`. */
export type ColorName = keyof typeof PALETTE;

/** Mixes CSS colours from names: `light` goes from −1 (black) over 0 (as it is) to 1 (white). */
export type Dye = (color: ColorName, light?: number) => string;

/** A dye of one individual bird: every colour name a little lighter, darker or shifted in hue. */
export function individualDye(random: Random, amount: number): Dye {
  const names = Object.keys(PALETTE) as ColorName[];
  const shifts = new Map(names.map((name) => {
    const light = random.uniform(-amount, amount);
    return [name, [0, 1, 2].map(() => light + random.uniform(-amount, amount) / 3)];
  }));
  return (color, light = 0) => {
    const shift = shifts.get(color)!;
    return css(PALETTE[color].map((value, c) => mix(value + 255 * shift[c], light)));
  };
}

/** A CSS colour from three values 0–255, rounded and clipped. */
export function css(rgb: readonly number[]): string {
  return `rgb(${rgb.map((value) => Math.min(255, Math.max(0, Math.round(value)))).join(",")})`;
}

/**
 * A CSS colour from hue (degrees), saturation and lightness (percent); any numbers will do. The
 * rasteriser paints `hsl(…)` with fractions black, hence the conversion.
 */
export function hsl(hue: number, saturation: number, lightness: number): string {
  const l = Math.min(97, Math.max(3, lightness)) / 100;
  const reach = Math.min(100, saturation) / 100 * Math.min(l, 1 - l);
  return css([0, 8, 4].map((n) => {
    const k = (((n + hue / 30) % 12) + 12) % 12;
    return 255 * (l - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  }));
}

/**
 * How different two colours look: the distance in CIELAB (black to white is 100, a difference of
 * about 2 is just seen side by side).
 */
export function colorDistance(a: ColorName, b: ColorName): number {
  const [p, q] = [lab(PALETTE[a]), lab(PALETTE[b])];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

function mix(value: number, light: number): number {
  return light < 0 ? value * (1 + light) : value + (255 - value) * light;
}

function lab(rgb: readonly number[]): [number, number, number] {
  const [r, g, b] = rgb.map((value) => {
    const v = value / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  // sRGB to CIE XYZ, relative to the white point D65.
  const [x, y, z] = [
    (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
    0.2126 * r + 0.7152 * g + 0.0722 * b,
    (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
  ].map((t) => t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
