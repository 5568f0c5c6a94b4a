import type { Random } from "../../engine/random.ts";
import type { ColorName, Dye } from "./palette.ts";
import { curve, type Point, short } from "./geometry.ts";
import type { BillShape, Head } from "./parts.ts";
import { fringe } from "./plumage.ts";

/*
 * Head coordinates: the origin is the centre of the skull, its radius 16, the bill towards +x and
 * the crown towards −y.
 */

/** Length and height of a bill, how far its tip drops, and whether it ends in a hook. */
const BILLS: Record<BillShape, { length: number; height: number; drop: number; hook: boolean }> = {
  "all-purpose": { length: 14, height: 7.5, drop: 1.5, hook: false },
  "cone": { length: 14, height: 12.5, drop: 1.5, hook: false },
  "curved_(up_or_down)": { length: 21, height: 6, drop: 8, hook: false },
  "dagger": { length: 23, height: 8, drop: 1, hook: false },
  "hooked": { length: 12.5, height: 9, drop: 1, hook: true },
  "hooked_seabird": { length: 21, height: 8, drop: 0.5, hook: true },
  "needle": { length: 18, height: 4.8, drop: 1.5, hook: false },
};

const BASE = 12;

/** Key points of the head in head coordinates. `turn` (0 … 1) shortens what points forward. */
export function headPoints(head: Head, turn: number) {
  const { length, drop } = BILLS[head.bill];
  return {
    beak: [BASE + 2 + length * (1 - turn * 0.4) * 0.45, drop * 0.25] as Point,
    crown: [-2, -13] as Point,
    forehead: [10, -9.5] as Point,
    nape: [-12.5, 3] as Point,
    throat: [8.5, 11] as Point,
    eye: eyeAt(turn),
  };
}

function eyeAt(turn: number): Point {
  return [5 + turn * 2.5, -3.5];
}

/** SVG of a crest, to be drawn behind the head; nothing for other patterns. */
export function paintCrest(head: Head, dye: Dye): string {
  if (head.pattern !== "crested") return "";
  const spikes = curve([
    [13, -9],
    [4, -18],
    [-8, -25],
    [-23, -28],
    [-15, -21],
    [-25, -19],
    [-16, -13],
    [-22, -9],
    [-12, -4],
    [4, -6],
  ]);
  return `<path d="${spikes}" fill="${dye(head.crown, -0.06)}" ` +
    `stroke="${dye(head.crown, -0.4)}" stroke-width="0.8"/>`;
}

/** SVG of the head's feathers, to be clipped to the bird's outline. */
export function paintHead(head: Head, dye: Dye, random: Random): string {
  const flow = 2.1;
  const area = (points: readonly Point[], color: ColorName, length: number) =>
    `<path d="${curve(points)}" fill="${dye(color)}"/>` +
    `<path d="${fringe(points, flow, length, random)}" fill="${dye(color)}"/>`;
  const band = (points: readonly Point[], color: ColorName, width: number) =>
    `<path d="${curve(points, false)}" fill="none" stroke="${dye(color)}" ` +
    `stroke-width="${width}" stroke-linecap="round"/>`;
  const { pattern, crown, nape, throat, mark } = head;
  const cheek = pattern === "plain" || pattern === "crested" ? crown : nape;
  let svg = area(
    [
      [-24, 2],
      [-22, -16],
      [-8, -26],
      [8, -26],
      [22, -16],
      [26, 2],
      [22, 14],
      [11, 17],
      [-2, 15],
      [-12, 14],
      [-22, 13],
    ],
    cheek,
    5,
  );
  svg += area([[14, 3.5], [6, 6], [1, 11], [3, 18], [14, 20], [26, 14], [24, 3]], throat, 3);
  const rim = pattern === "capped" ? 5 : 0;
  svg += area(
    [
      [18, -4.5 + rim * 0.5],
      [7, -8 + rim],
      [-4, -7.5 + rim],
      [-12, -3 + rim],
      [-24, 0 + rim],
      [-22, -18],
      [-8, -28],
      [8, -28],
      [22, -18],
    ],
    crown,
    2.5,
  );
  if (pattern === "masked") {
    svg += area(
      [[18, -5], [8, -8.5], [-2, -8], [-12, -4], [-13, 2], [-3, 3.5], [8, 3], [18, 4]],
      mark,
      1.5,
    );
  } else if (pattern === "eyebrow") {
    svg += band([[16, -6.5], [7, -10], [-3, -9.5], [-14, -3]], mark, 5);
  } else if (pattern === "malar") {
    svg += band([[13, 5.5], [6, 9], [0, 14.5]], mark, 5);
  } else if (pattern === "striped") {
    svg += band([[16, -9], [6, -14.5], [-5, -14], [-17, -6]], mark, 3.4);
    svg += band([[15, -2], [5, -3], [-5, -1], [-16, 3]], mark, 3.4);
  }
  return svg;
}

/** SVG of eye and bill. `light` is the side the light comes from, −1 … 1 in head coordinates. */
export function paintFace(head: Head, dye: Dye, turn: number, light: number): string {
  const [x, y] = eyeAt(turn);
  const dot = (cx: number, cy: number, r: number, fill: string) =>
    `<circle cx="${short(cx)}" cy="${short(cy)}" r="${r}" fill="${fill}"/>`;
  const lid = dye(head.pattern === "masked" ? head.mark : head.nape, 0.35);
  return paintBill(head, dye, turn) + dot(x, y, 4.5, lid) + dot(x, y, 3.8, "#17130f") +
    (head.eye === "black" ? "" : dot(x, y, 3.2, dye(head.eye))) + dot(x + 0.3, y, 2.3, "#0c0a09") +
    dot(x + light * 1.3, y - 1.4, 1.15, "#fff");
}

function paintBill({ bill, billColor }: Head, dye: Dye, turn: number): string {
  const { length, height, drop, hook } = BILLS[bill];
  const reach = BASE + length * (1 - turn * 0.4);
  const middle = (BASE + reach) / 2;
  const n = (...values: number[]) => values.map(short).join(" ");
  const tip = hook
    ? `Q${n(reach + 2, drop + 1, reach - 0.5, drop + 6)}Q${
      n(reach - 2.5, drop + 3, reach - 4.5, 1)
    }`
    : "";
  const upper =
    `M${n(BASE, -height / 2)}Q${n(middle, -height / 2 + drop * 0.2, reach, drop)}${tip}` +
    `Q${n(middle, drop * 0.2 + 0.4, BASE, 0.8)}Z`;
  const lower = `M${n(BASE, 0.8)}Q${n(middle, drop * 0.2 + 0.4, reach - 2, drop + 0.2)}` +
    `Q${n(middle, height / 2 + drop * 0.25, BASE, height / 2)}Z`;
  const part = (d: string, light: number) =>
    `<path d="${d}" fill="${dye(billColor, light)}" stroke="${dye(billColor, -0.6)}" ` +
    `stroke-width="0.7" stroke-linejoin="round"/>`;
  return part(lower, -0.22) + part(upper, 0.06) +
    `<path d="M${n(BASE + 2, -height * 0.28)}L${n(middle, -height * 0.16 + drop * 0.25)}" ` +
    `stroke="#fff" stroke-opacity="0.45" stroke-width="1.1" stroke-linecap="round"/>`;
}
