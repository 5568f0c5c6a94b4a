/** Red, green and blue, 0–255. */
export type Colour = readonly [number, number, number];

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

/** The Inferno colour of a value from 0 to 1: perceptually uniform, readable in grey. */
export function inferno(value: number): Colour {
  const position = Math.max(0, Math.min(1, value)) * (INFERNO.length - 1);
  const low = Math.min(Math.floor(position), INFERNO.length - 2);
  const share = position - low;
  const mix = (c: 0 | 1 | 2) =>
    Math.round(INFERNO[low][c] * (1 - share) + INFERNO[low + 1][c] * share);
  return [mix(0), mix(1), mix(2)];
}

/** Red from 0 to 1, blue from 0 to −1, brighter with the distance from 0. */
export function redBlue(value: number): Colour {
  const size = Math.min(1, Math.abs(value));
  const [red, green, blue] = value > 0 ? [255, 70, 48] : [64, 132, 255];
  return [Math.round(red * size), Math.round(green * size), Math.round(blue * size)];
}
