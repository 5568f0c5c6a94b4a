/** Red, green and blue, 0–255. */
export type Colour = readonly [number, number, number];

/** The colour of a value; values beyond the ends have the colours of the ends. */
export type Colours = (value: number) => Colour;

/** Supporting points of Inferno (Smith and van der Walt, 2015), evenly spaced from 0 to 1. */
const INFERNO: readonly Colour[] = [
  [0, 0, 4],
  [31, 12, 72],
  [85, 15, 109],
  [136, 34, 106],
  [186, 54, 85],
  [227, 89, 51],
  [249, 140, 10],
  [249, 201, 50],
  [252, 255, 164],
];

/** Of Magma, by the same authors. */
const MAGMA: readonly Colour[] = [
  [0, 0, 4],
  [24, 15, 61],
  [68, 15, 118],
  [114, 31, 129],
  [158, 47, 127],
  [205, 64, 113],
  [241, 96, 93],
  [253, 150, 104],
  [254, 202, 141],
  [252, 253, 191],
];

/** Of Viridis, by the same authors. */
const VIRIDIS: readonly Colour[] = [
  [68, 1, 84],
  [72, 24, 106],
  [71, 45, 123],
  [66, 64, 134],
  [59, 82, 139],
  [51, 99, 141],
  [44, 114, 142],
  [38, 130, 142],
  [33, 145, 140],
  [31, 160, 136],
  [40, 174, 128],
  [63, 188, 115],
  [94, 201, 98],
  [132, 212, 75],
  [173, 220, 48],
  [216, 226, 25],
  [253, 231, 37],
];

/** Turbo (Mikhailov, 2019) as polynomials of the fifth degree, the constants first. */
const TURBO = [
  [34.61, 1172.33, -10793.56, 33300.12, -38394.49, 14825.05],
  [23.31, 557.33, 1225.33, -3574.96, 1073.77, 707.56],
  [27.2, 3211.1, -15327.97, 27814, -22569.18, 6838.66],
] as const;

/** The Inferno colour of a value from 0 to 1: perceptually uniform, readable in grey. */
export const inferno: Colours = (value) => between(INFERNO, value);

/** Colour maps for values from 0 to 1, the default first. */
export const COLOUR_MAPS = {
  inferno,
  magma: (value) => between(MAGMA, value),
  viridis: (value) => between(VIRIDIS, value),
  turbo: (value) => {
    const t = unit(value);
    const channel = (c: 0 | 1 | 2) =>
      Math.round(255 * unit(TURBO[c].reduceRight<number>((sum, a) => sum * t + a, 0) / 255));
    return [channel(0), channel(1), channel(2)];
  },
  /** As MATLAB and OpenCV draw it, and with them most papers. */
  jet: (value) => {
    const hat = (middle: number) =>
      Math.round(255 * unit(1.5 - Math.abs(4 * unit(value) - middle)));
    return [hat(3), hat(2), hat(1)];
  },
  grey: (value) => {
    const level = Math.round(255 * unit(value));
    return [level, level, level];
  },
} as const satisfies Record<string, Colours>;

/** The name of a colour map. */
export type ColourMapName = keyof typeof COLOUR_MAPS;

/** The names of all colour maps, the default first. */
export const COLOUR_MAP_NAMES = Object.keys(COLOUR_MAPS) as readonly ColourMapName[];

/**
 * The colours of a map's values divided by their scale's maximum: red and blue where values have
 * signs, whatever the colour map.
 */
export function coloursFor(signed: boolean, name: ColourMapName = "inferno"): Colours {
  return signed ? redBlue : COLOUR_MAPS[name];
}

/** Red from 0 to 1, blue from 0 to −1, brighter with the distance from 0. */
export function redBlue(value: number): Colour {
  const size = Math.min(1, Math.abs(value));
  const [red, green, blue] = value > 0 ? [255, 70, 48] : [64, 132, 255];
  return [Math.round(red * size), Math.round(green * size), Math.round(blue * size)];
}

function unit(value: number): number {
  return Math.max(0, Math.min(1, value));
}

function between(points: readonly Colour[], value: number): Colour {
  const position = unit(value) * (points.length - 1);
  const low = Math.min(Math.floor(position), points.length - 2);
  const share = position - low;
  const mix = (c: 0 | 1 | 2) =>
    Math.round(points[low][c] * (1 - share) + points[low + 1][c] * share);
  return [mix(0), mix(1), mix(2)];
}
