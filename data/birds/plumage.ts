import type { Random } from "../../engine/random.ts";
import type { Dye } from "./palette.ts";
import { curve, inside, lines, oval, type Point, short } from "./geometry.ts";
import type { Coat } from "./parts.ts";

/** An area of feathers and how its pattern lies on it. */
export interface Area {
  /** Unique within a picture, names the clip path. */
  id: string;
  /** Corners of a smooth closed outline. */
  outline: readonly Point[];
  /** The part of the area that takes the second colour of a multi-coloured coat. */
  patch: readonly Point[];
  /** Direction in which the feathers point, and stripes run, in radians. */
  flow: number;
  /** Distance of the pattern's rows. */
  spacing: number;
}

/** SVG of a feathered area: its colour, its pattern and a soft edge of feather tips. */
export function paintArea(area: Area, coat: Coat, dye: Dye, random: Random): string {
  const { id, outline, patch, flow, spacing } = area;
  const shape = curve(outline);
  const base = dye(coat.color);
  const edge = fringe(outline, flow, 4, random);
  let svg = `<path d="${shape}" fill="${base}"/><path d="${edge}" fill="${base}"/>`;
  if (coat.pattern === "solid") return svg;
  const second = dye(coat.second);
  let marks: string;
  if (coat.pattern === "spotted") {
    const size = spacing * 0.31;
    const places = rows(outline, flow, spacing, random);
    const spots = places.map(({ at, jitter }) => oval(at, size * (1.15 + jitter), size, flow));
    marks = `<path d="${spots.join("")}" fill="${second}"/>`;
  } else if (coat.pattern === "striped") {
    marks = `<path d="${stripes(outline, flow, spacing)}" fill="none" stroke="${second}" ` +
      `stroke-width="${short(spacing * 0.47)}"/>`;
  } else {
    const tips = fringe(patch, flow, 4, random);
    marks = `<path d="${curve(patch)}" fill="${second}"/><path d="${tips}" fill="${second}"/>`;
  }
  svg += `<clipPath id="${id}"><path d="${shape}"/></clipPath>`;
  return svg + `<g clip-path="url(#${id})">${marks}</g>`;
}

/** Staggered places inside an outline, like feathers in their rows, each with a jitter of ±0.15. */
function rows(outline: readonly Point[], flow: number, spacing: number, random: Random) {
  const places: { at: Point; jitter: number }[] = [];
  const { centre, radius } = extent(outline);
  const [c, s] = [Math.cos(flow), Math.sin(flow)];
  const steps = Math.ceil(radius / spacing);
  for (let i = -steps; i <= steps; i++) {
    for (let j = -steps; j <= steps; j++) {
      const along = (i + (j % 2 === 0 ? 0 : 0.5)) * spacing;
      const across = j * spacing * 0.87;
      const jitter = random.uniform(-0.15, 0.15);
      const at: Point = [
        centre[0] + c * along - s * across + jitter * spacing,
        centre[1] + s * along + c * across,
      ];
      if (inside(at, outline)) places.push({ at, jitter });
    }
  }
  return places;
}

function stripes(outline: readonly Point[], flow: number, spacing: number): string {
  const { centre, radius } = extent(outline);
  const [c, s] = [Math.cos(flow) * radius, Math.sin(flow) * radius];
  const steps = Math.ceil(radius / spacing);
  let path = "";
  for (let j = -steps; j <= steps; j++) {
    const [x, y] = [
      centre[0] - s / radius * j * spacing,
      centre[1] + c / radius * j * spacing,
    ];
    // A slight bow: feathers lie around a round body.
    path += `M${short(x - c)} ${short(y - s)}Q${short(x + s * 0.08)} ${short(y - c * 0.08)} ` +
      `${short(x + c)} ${short(y + s)}`;
  }
  return path;
}

function extent(outline: readonly Point[]): { centre: Point; radius: number } {
  const xs = outline.map(([x]) => x);
  const ys = outline.map(([, y]) => y);
  const [left, right, top, bottom] = [
    Math.min(...xs),
    Math.max(...xs),
    Math.min(...ys),
    Math.max(...ys),
  ];
  return {
    centre: [(left + right) / 2, (top + bottom) / 2],
    radius: Math.hypot(right - left, bottom - top) / 2,
  };
}

/**
 * Path data of feather tips that stick out of an outline in the direction of the feathers.
 *
 * To be drawn beside the outline, not as part of the same path: where a tip runs against the
 * outline's direction, the two would cancel to a hole.
 */
export function fringe(
  outline: readonly Point[],
  flow: number,
  length: number,
  random: Random,
): string {
  const [c, s] = [Math.cos(flow), Math.sin(flow)];
  let path = "";
  for (let i = 0; i < outline.length; i++) {
    const [p, q] = [outline[i], outline[(i + 1) % outline.length]];
    const count = Math.max(1, Math.round(Math.hypot(q[0] - p[0], q[1] - p[1]) / 4));
    for (let k = 0; k < count; k++) {
      const t = (k + random.uniform()) / count;
      const reach = length * random.uniform(0.5, 1);
      const [x, y] = [p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t];
      const [nx, ny] = [-s * 1.4, c * 1.4];
      path += lines([[x + nx, y + ny], [x + c * reach, y + s * reach], [x - nx, y - ny]]);
    }
  }
  return path;
}

/** Rows of small arcs, the tips of contour feathers: path data to be stroked thinly. */
export function scallops(
  outline: readonly Point[],
  flow: number,
  spacing: number,
  random: Random,
): string {
  const [c, s] = [Math.cos(flow), Math.sin(flow)];
  const r = spacing * 0.46;
  return rows(outline, flow, spacing, random).map(({ at: [x, y] }) =>
    `M${short(x + s * r)} ${short(y - c * r)}Q${short(x + c * r * 1.6)} ${short(y + s * r * 1.6)} ${
      short(x - s * r)
    } ${short(y + c * r)}`
  ).join("");
}

/** Path data of a long feather from its quill to its rounded tip. */
export function vane(from: Point, to: Point, width: number): string {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(dx, dy);
  const [nx, ny] = [-dy / length * width / 2, dx / length * width / 2];
  const at = (t: number, side: number): Point => [
    from[0] + dx * t + nx * side,
    from[1] + dy * t + ny * side,
  ];
  return curve([
    at(0, 0.55),
    at(0.45, 1),
    at(0.85, 0.85),
    at(1, 0.1),
    at(0.9, -0.7),
    at(0.45, -1),
    at(0, -0.55),
  ]);
}
