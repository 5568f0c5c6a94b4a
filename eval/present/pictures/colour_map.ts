/** Red, green and blue, 0–255. */
export type Colour = readonly [number, number, number];

/** Colours of values from 0 to 1, or from −1 to 1; others are cut off. */
export type ColourMap = (value: number) => Colour;

/** Supporting points, evenly spaced from 0 to 1, as Matplotlib has them. */
const POINTS = {
  // Smith and van der Walt, 2015: perceptually uniform, readable in grey.
  inferno: [
    [0, 0, 4],
    [31, 12, 72],
    [85, 15, 109],
    [136, 34, 106],
    [186, 54, 85],
    [227, 89, 51],
    [249, 140, 10],
    [249, 201, 50],
    [252, 255, 164],
  ],
  magma: [
    [0, 0, 4],
    [29, 17, 71],
    [81, 18, 124],
    [131, 38, 129],
    [183, 55, 121],
    [231, 82, 99],
    [252, 137, 97],
    [254, 196, 136],
    [252, 253, 191],
  ],
  viridis: [
    [68, 1, 84],
    [71, 45, 123],
    [59, 82, 139],
    [44, 114, 142],
    [33, 145, 140],
    [40, 174, 128],
    [94, 201, 98],
    [173, 220, 48],
    [253, 231, 37],
  ],
  // Mikhailov, 2019: the rainbow of many papers, without jet's false edges.
  turbo: [
    [48, 18, 59],
    [64, 64, 162],
    [70, 107, 227],
    [66, 148, 255],
    [40, 188, 235],
    [24, 221, 194],
    [50, 242, 152],
    [109, 254, 98],
    [164, 252, 60],
    [205, 236, 52],
    [238, 207, 58],
    [253, 172, 52],
    [251, 126, 33],
    [235, 80, 14],
    [208, 47, 5],
    [169, 22, 1],
    [122, 4, 3],
  ],
  // MATLAB's and OpenCV's, to lay beside older papers: its edges are its own, not the map's.
  jet: [
    [0, 0, 128],
    [0, 0, 255],
    [0, 128, 255],
    [0, 255, 255],
    [128, 255, 128],
    [255, 255, 0],
    [255, 128, 0],
    [255, 0, 0],
    [128, 0, 0],
  ],
  grey: [[0, 0, 0], [255, 255, 255]],
} as const satisfies Readonly<Record<string, readonly Colour[]>>;

/** Name of a colour map of values that are not negative. */
export type ColourMapName = keyof typeof POINTS;

/** Their names; the first is the default. */
export const COLOUR_MAPS = Object.keys(POINTS) as ColourMapName[];

/** The colour map of a name. */
export function colourMap(name: ColourMapName): ColourMap {
  const points: readonly Colour[] = POINTS[name];
  return (value) => {
    const position = Math.max(0, Math.min(1, value)) * (points.length - 1);
    const low = Math.min(Math.floor(position), points.length - 2);
    const share = position - low;
    const mix = (c: 0 | 1 | 2) =>
      Math.round(points[low][c] * (1 - share) + points[low + 1][c] * share);
    return [mix(0), mix(1), mix(2)];
  };
}

/** The default: black where a map is zero. */
export const inferno: ColourMap = colourMap("inferno");

/** Red from 0 to 1, blue from 0 to −1, brighter with the distance from 0. */
export function redBlue(value: number): Colour {
  const size = Math.min(1, Math.abs(value));
  const [red, green, blue] = value > 0 ? [255, 70, 48] : [64, 132, 255];
  return [Math.round(red * size), Math.round(green * size), Math.round(blue * size)];
}
