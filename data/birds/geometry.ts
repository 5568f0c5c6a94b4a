/** A point of the plane, x to the right and y down. */
export type Point = readonly [x: number, y: number];

/** An affine map (x, y) → (a·x + c·y + e, b·x + d·y + f), the order of SVG's `matrix(a b c d e f)`. */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** The map that moves by (x, y). */
export function translate(x: number, y: number): Affine {
  return [1, 0, 0, 1, x, y];
}

/** The map that scales about the origin; a negative factor mirrors. */
export function scale(x: number, y = x): Affine {
  return [x, 0, 0, y, 0, 0];
}

/** The map that turns by an angle (radians, clockwise on the screen) about a point. */
export function rotate(angle: number, [x, y]: Point = [0, 0]): Affine {
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  return [c, s, -s, c, x - c * x + s * y, y - s * x - c * y];
}

/** The product of maps: the last one is applied first. */
export function compose(...maps: Affine[]): Affine {
  return maps.reduce(([a, b, c, d, e, f], [A, B, C, D, E, F]) => [
    a * A + c * B,
    b * A + d * B,
    a * C + c * D,
    b * C + d * D,
    a * E + c * F + e,
    b * E + d * F + f,
  ]);
}

/** The image of a point. */
export function apply([a, b, c, d, e, f]: Affine, [x, y]: Point): Point {
  return [a * x + c * y + e, b * x + d * y + f];
}

/** The map as the value of an SVG `transform` attribute. */
export function matrix(map: Affine): string {
  return `matrix(${map.map((value) => Math.round(value * 1e5) / 1e5).join(" ")})`;
}

/** A number for SVG text; two decimals of a bird unit are far below a pixel. */
export function short(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Path data of a smooth curve through the points (Catmull–Rom spline as cubic Bézier curves). */
export function curve(points: readonly Point[], closed = true): string {
  const n = points.length;
  const at = (i: number) => points[closed ? (i + n) % n : Math.min(Math.max(i, 0), n - 1)];
  let path = `M${short(points[0][0])} ${short(points[0][1])}`;
  for (let i = 0; i < (closed ? n : n - 1); i++) {
    const [p, q, r, s] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    path += `C${short(q[0] + (r[0] - p[0]) / 6)} ${short(q[1] + (r[1] - p[1]) / 6)} ` +
      `${short(r[0] - (s[0] - q[0]) / 6)} ${short(r[1] - (s[1] - q[1]) / 6)} ` +
      `${short(r[0])} ${short(r[1])}`;
  }
  return closed ? path + "Z" : path;
}

/** Path data of straight lines between the points. */
export function lines(points: readonly Point[], closed = true): string {
  return "M" + points.map(([x, y]) => `${short(x)} ${short(y)}`).join("L") + (closed ? "Z" : "");
}

/** Path data of an ellipse, so that many of them share one element. */
export function oval([x, y]: Point, rx: number, ry = rx, angle = 0): string {
  const dx = rx * Math.cos(angle);
  const dy = rx * Math.sin(angle);
  const arc = `A${short(rx)} ${short(ry)} ${short(angle * 180 / Math.PI)} 1 0`;
  return `M${short(x - dx)} ${short(y - dy)}${arc} ${short(x + dx)} ${short(y + dy)}` +
    `${arc} ${short(x - dx)} ${short(y - dy)}Z`;
}

/** Whether a point lies in a polygon (even-odd rule). */
export function inside([x, y]: Point, polygon: readonly Point[]): boolean {
  let within = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [polygon[i], polygon[j]];
    if (yi > y !== yj > y && x < (xj - xi) * (y - yi) / (yj - yi) + xi) within = !within;
  }
  return within;
}

/** The point a fraction `t` of the way from p to q. */
export function between(p: Point, q: Point, t: number): Point {
  return [p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t];
}
