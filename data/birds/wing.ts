import type { Random } from "../../engine/random.ts";
import type { Dye } from "./palette.ts";
import { between, curve, lines, oval, type Point } from "./geometry.ts";
import type { Coat } from "./parts.ts";
import { vane } from "./plumage.ts";

/** A feather of the wing: where it starts and ends, its width, and how light it is. */
interface Feather {
  from: Point;
  to: Point;
  width: number;
  light: number;
}

/** The feathers of a wing, in the order they are laid over each other. */
interface Wing {
  /** Primaries and secondaries. */
  flight: Feather[];
  /** Rows of coverts, which cover the quills of the row before. */
  coverts: Feather[][];
  /** Outline of the smooth shoulder. */
  shoulder: Point[];
}

/** SVG of a folded wing in wing coordinates, about 78 long and 26 high. */
export function foldedWing(coat: Coat, dye: Dye, random: Random): string {
  const wing: Wing = {
    flight: [
      ...row(5, [[30, 8], [26, 4]], [[78, 9], [65, -0.5]], 6.5, [-0.32, -0.2]),
      ...row(6, [[12, 9], [17, -5]], [[63, 12], [40, -9]], 8, [-0.16, 0.06]),
    ],
    coverts: [
      row(6, [[6, 8], [10, -6]], [[33, 13], [33, -9]], 8, [-0.1, 0.1]),
      row(5, [[2, 7], [6, -6]], [[22, 12.5], [23, -9.5]], 8, [-0.08, 0.12]),
      row(4, [[-2, 5], [2, -6]], [[12, 11], [13, -9]], 8, [-0.06, 0.14]),
    ],
    shoulder: [[-4, 1], [-1, -6.5], [4, -9], [8, -5], [8, 3], [4, 8.5], [-1, 6]],
  };
  return paintWing(wing, coat, dye, 0, random);
}

/**
 * SVG of a spread wing in wing coordinates: leading edge towards +y, about 80 long.
 *
 * @param dim how much darker than the near wing (−1 … 0).
 */
export function spreadWing(coat: Coat, dye: Dye, dim: number, random: Random): string {
  const primaries: Feather[] = [];
  for (let i = 0; i < 8; i++) {
    const angle = -1.1 + i * 0.17;
    const reach = 47 - Math.abs(i - 4) * 1.6;
    primaries.push({
      from: [31, 0],
      to: [34 + Math.cos(angle) * reach, 2 + Math.sin(angle) * reach],
      width: 9.5,
      light: dim - 0.28 + i * 0.02,
    });
  }
  const wing: Wing = {
    flight: [
      ...row(7, [[-4, -4], [30, -3]], [[-12, -26], [40, -46]], 11, [dim - 0.14, dim]),
      ...primaries,
    ],
    coverts: [
      row(8, [[-6, 1], [40, 1]], [[-10, -17], [50, -20]], 9.5, [dim - 0.08, dim + 0.06]),
      row(7, [[-6, 4], [40, 3]], [[-10, -13], [45, -11]], 9.5, [dim - 0.04, dim + 0.1]),
    ],
    shoulder: [[-9, -2], [-5, 5], [14, 8], [34, 7.5], [44, 2], [36, -3], [14, -5], [-4, -7]],
  };
  return paintWing(wing, coat, dye, dim, random);
}

/** A row of feathers between a first and a last one. */
function row(
  count: number,
  from: readonly [Point, Point],
  to: readonly [Point, Point],
  width: number,
  light: readonly [number, number],
): Feather[] {
  return Array.from({ length: count }, (_, i) => {
    const t = i / (count - 1);
    return {
      from: between(...from, t),
      to: between(...to, t),
      width,
      light: light[0] + (light[1] - light[0]) * t,
    };
  });
}

function paintWing(wing: Wing, coat: Coat, dye: Dye, dim: number, random: Random): string {
  const { color, pattern, second } = coat;
  const cover = pattern === "multi-colored" ? second : color;
  let svg = "";
  const lay = ({ from, to, width, light }: Feather, dyed: typeof color) => {
    const shade = light + random.uniform(-0.05, 0.05);
    svg += `<path d="${vane(from, to, width)}" fill="${dye(dyed, shade)}" ` +
      `stroke="${dye(dyed, shade - 0.42)}" stroke-width="0.8"/>`;
  };
  const mark = (d: string) => svg += `<path d="${d}" fill="${dye(second, dim)}"/>`;
  for (const feather of wing.flight) lay(feather, color);
  const quills = wing.flight.map(({ from, to }) =>
    lines([between(from, to, 0.15), between(from, to, 0.94)], false)
  );
  svg += `<path d="${quills.join("")}" fill="none" stroke="#000" stroke-opacity="0.3" ` +
    `stroke-width="0.7"/>`;
  if (pattern === "spotted") {
    mark(
      wing.flight.flatMap(({ from, to }) =>
        [0.5, 0.68, 0.88].map((t) => oval(between(from, to, t), 2.3))
      ).join(""),
    );
  }
  wing.coverts.forEach((feathers, depth) => {
    for (const feather of feathers) lay(feather, cover);
    const tips = (t: number, size: number) =>
      feathers.map(({ from, to, width }) => {
        const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
        return oval(between(from, to, t), width * size, width * size * 1.15, angle);
      }).join("");
    if (pattern === "spotted") mark(tips(0.9, 0.25));
    // Pale tips of two rows line up to two wing bars.
    if (pattern === "striped" && depth < 2) mark(tips(0.88, 0.5));
  });
  return svg + `<path d="${curve(wing.shoulder)}" fill="${dye(cover, dim + 0.06)}"/>`;
}
