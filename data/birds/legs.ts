import type { Leg } from "./anatomy.ts";
import type { ColorName, Dye } from "./palette.ts";
import { curve, type Point, short } from "./geometry.ts";

/**
 * SVG of one leg in bird units. Legs are drawn stouter than life, so that their colour still shows
 * in a picture of 64 pixels.
 *
 * @param feathers colour of the feathered thigh.
 * @param light how much darker than the near leg (−1 … 0).
 */
export function paintLeg(
  { hip, heel, foot }: Leg,
  color: ColorName,
  feathers: ColorName,
  dye: Dye,
  light: number,
): string {
  const toe = (x: number, y: number): Point => [foot[0] + x, foot[1] + y];
  const shank = curve([hip, heel, foot], false);
  const toes = [
    curve([foot, toe(6, -0.4), toe(11, 2.6)], false),
    curve([foot, toe(4, 1.8), toe(6.5, 4.8)], false),
    curve([foot, toe(-5, 0.2), toe(-8.5, 3)], false),
  ].join("");
  const claws = [[11, 2.6], [6.5, 4.8], [-8.5, 3]].map(([x, y]) =>
    curve([toe(x, y), toe(x + Math.sign(x) * 1.4, y + 2.4)], false)
  ).join("");
  const stroke = (d: string, paint: string, width: number) =>
    `<path d="${d}" stroke="${paint}" stroke-width="${width}"/>`;
  const edge = dye(color, light - 0.5);
  const thigh = curve([
    [hip[0] - 7, hip[1] - 6],
    [hip[0] + 7, hip[1] - 6],
    [heel[0] + 3.6, heel[1] - 1],
    [heel[0], heel[1] + 3],
    [heel[0] - 3.2, heel[1] - 1],
  ]);
  return `<g fill="none" stroke-linecap="round" stroke-linejoin="round">` +
    stroke(claws, "#221d1c", 1.6) + stroke(toes, edge, 4) + stroke(shank, edge, 5.6) +
    stroke(toes, dye(color, light - 0.05), 3) + stroke(shank, dye(color, light), 4.4) +
    `<path d="M${short(heel[0] + 1)} ${short(heel[1])}L${short(foot[0] + 1)} ${short(foot[1])}" ` +
    `stroke="#fff" stroke-opacity="0.3" stroke-width="1.2"/></g>` +
    `<path d="${thigh}" fill="${dye(feathers, light - 0.16)}"/>`;
}
