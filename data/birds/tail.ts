import type { Random } from "../../engine/random.ts";
import type { Dye } from "./palette.ts";
import { lines, oval, type Point, short } from "./geometry.ts";
import type { Tail } from "./parts.ts";
import { vane } from "./plumage.ts";

/** Length of the longest tail feathers in bird units. */
export const TAIL_LENGTH = 40;

// Spread (radians from the middle to the outermost feather) and the length of a feather at t,
// 0 in the middle and 1 outermost, relative to the longest.
const SHAPES: Record<Tail["shape"], { spread: number; length: (t: number) => number }> = {
  "forked_tail": { spread: 0.3, length: (t) => 0.62 + 0.38 * t },
  "rounded_tail": { spread: 0.26, length: (t) => 1 - 0.24 * t * t },
  "notched_tail": { spread: 0.22, length: (t) => 0.86 + 0.14 * t },
  "fan-shaped_tail": { spread: 0.5, length: (t) => 0.94 - 0.1 * t * t },
  "pointed_tail": { spread: 0.24, length: (t) => 1 - 0.5 * t },
  "squared_tail": { spread: 0.2, length: () => 0.94 },
};

/** SVG of the tail in tail coordinates. */
export function paintTail(tail: Tail, dye: Dye, random: Random): string {
  const { spread, length } = SHAPES[tail.shape];
  const ends: Point[] = [];
  for (let i = 0; i < 7; i++) {
    const side = (i - 3) / 3;
    const angle = side * spread;
    const reach = TAIL_LENGTH * length(Math.abs(side)) * random.uniform(0.98, 1.02);
    ends.push([Math.cos(angle) * reach, Math.sin(angle) * reach]);
  }
  // The middle feathers lie on top.
  const order = [0, 6, 1, 5, 2, 4, 3];
  const shapes = order.map((i) => vane([-6, (i - 3) * 1.1], ends[i], 8.6));
  let svg = shapes.map((shape, k) =>
    `<path d="${shape}" fill="${dye(tail.color, -0.22 + k * 0.035)}" ` +
    `stroke="${dye(tail.color, -0.55)}" stroke-width="0.7"/>`
  ).join("");
  let marks = "";
  if (tail.pattern === "multi-colored") {
    // A band at the end, following the tail's shape.
    marks = ends.map(([x, y]) =>
      `M${short(x * 0.72)} ${short(y * 0.72)}L${short(x * 1.1)} ${short(y * 1.1)}`
    ).join("");
    marks = `<path d="${marks}" stroke="${dye(tail.second)}" stroke-width="9"/>`;
  } else if (tail.pattern === "striped") {
    const bars = [0.32, 0.55, 0.78, 1].map((t) =>
      lines(ends.map(([x, y]): Point => [x * t, y * t * 1.25]), false)
    );
    marks = `<path d="${bars.join("")}" fill="none" stroke="${dye(tail.second)}" ` +
      `stroke-width="4.2"/>`;
  } else if (tail.pattern === "spotted") {
    const spots = ends.flatMap(([x, y], i) =>
      [0.35, 0.62, 0.88].map((t) => oval([x * (t - i % 2 * 0.1), y * (t - i % 2 * 0.1)], 2.2))
    );
    marks = `<path d="${spots.join("")}" fill="${dye(tail.second)}"/>`;
  }
  if (marks !== "") {
    svg += `<clipPath id="tail"><path d="${shapes.join("")}"/></clipPath>` +
      `<g clip-path="url(#tail)">${marks}</g>`;
  }
  const shafts = ends.map((end) => lines([[0, 0], end], false)).join("");
  return svg + `<path d="${shafts}" fill="none" stroke="#000" stroke-opacity="0.28" ` +
    `stroke-width="0.8"/>`;
}
