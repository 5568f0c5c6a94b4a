import type { Random } from "../../engine/random.ts";
import type { Tones } from "./backdrop.ts";
import { type ColorName, css, PALETTE } from "./palette.ts";
import { between, curve, lines, oval, type Point, short } from "./geometry.ts";

/** Draws single things in picture units, all from one random stream and in one place's colours. */
export class Scenery {
  constructor(
    private random: Random,
    private plant: Tones,
    private earth: Tones,
    private width: number,
    private height: number,
  ) {}

  anywhere(): Point {
    return [this.random.uniform(0, this.width), this.random.uniform(0, this.height)];
  }

  middle(): Point {
    return [
      this.width * this.random.uniform(0.2, 0.8),
      this.height * this.random.uniform(0.2, 0.8),
    ];
  }

  /** A place near the margin. */
  edge(): Point {
    const [x, y] = this.anywhere();
    const margin = this.random.uniform(-2, 14);
    return this.random.pick<Point>([
      [x, margin],
      [x, this.height - margin],
      [margin, y],
      [this.width - margin, y],
    ]);
  }

  /** The point of the margin nearest to a place. */
  near([x, y]: Point): Point {
    const nearest = Math.min(x, this.width - x, y, this.height - y);
    if (nearest === x) return [-4, y];
    if (nearest === y) return [x, -4];
    return nearest === this.width - x ? [this.width + 4, y] : [x, this.height + 4];
  }

  leaf(at: Point, size: number): string {
    const { random } = this;
    const length = size * random.uniform(0.6, 1.15);
    const angle = random.uniform(0, 2 * Math.PI);
    const to = (along: number, across: number): Point => [
      at[0] + Math.cos(angle) * along * length - Math.sin(angle) * across * length,
      at[1] + Math.sin(angle) * along * length + Math.cos(angle) * across * length,
    ];
    const hue = 98 + random.normal(0, 16);
    const light = random.uniform(26, 50);
    const fill = this.plant(hue, random.uniform(40, 75), light);
    const vein = this.plant(hue, 45, light + 16);
    const blade = curve([
      to(-0.5, 0),
      to(-0.15, 0.24),
      to(0.25, 0.17),
      to(0.55, 0),
      to(0.25, -0.17),
      to(-0.15, -0.24),
    ]);
    return `<path d="${blade}" fill="${fill}" stroke="${this.plant(hue, 50, light - 14)}" ` +
      `stroke-width="0.5"/><path d="${lines([to(-0.6, 0), to(0.45, 0)], false)}" ` +
      `stroke="${vein}" stroke-width="0.6"/>`;
  }

  blade(at: Point): string {
    const { random } = this;
    const x = at[0] + random.normal(0, 8);
    const tip: Point = [x + random.normal(0, 12), Math.max(4, at[1] - random.uniform(0, 22))];
    const root = this.height + 4;
    const fill = this.plant(
      88 + random.normal(0, 12),
      random.uniform(40, 70),
      random.uniform(28, 54),
    );
    return `<path d="M${short(x - 1.6)} ${root}Q${short(x)} ${short((tip[1] + root) / 2)} ${
      short(tip[0])
    } ${short(tip[1])}Q${short(x + 2)} ${short((tip[1] + root) / 2)} ${
      short(x + 1.8)
    } ${root}Z" fill="${fill}"/>`;
  }

  twig(from: Point, to: Point): string {
    const { random } = this;
    const middle = between(from, to, 0.5);
    const bow: Point = [middle[0] + random.normal(0, 7), middle[1] + random.normal(0, 7)];
    const path = curve([from, bow, to], false);
    const light = random.uniform(20, 42);
    let svg = `<path d="${path}" fill="none" stroke="${this.earth(28, 28, light)}" ` +
      `stroke-width="${short(random.uniform(1, 2.6))}" stroke-linecap="round"/>`;
    for (let i = random.int(5); i > 0; i--) svg += this.leaf(between(bow, to, i / 4), 11);
    return svg;
  }

  /** A branch that passes under the feet. */
  branch(feet: readonly Point[]): string {
    const { random, width } = this;
    const centre = middleOf(feet);
    const slope = (feet[1][1] - feet[0][1]) / (feet[1][0] - feet[0][0] || 1);
    const thick = random.uniform(5.5, 10);
    const y = (x: number) => centre[1] + (x - centre[0]) * slope + thick * 0.32;
    const points: Point[] = [
      [-8, y(-8) + random.normal(0, 5)],
      [centre[0] - 22, y(centre[0] - 22) + random.normal(0, 0.8)],
      [centre[0], y(centre[0])],
      [centre[0] + 22, y(centre[0] + 22) + random.normal(0, 0.8)],
      [width + 8, y(width + 8) + random.normal(0, 5)],
    ];
    const hue = 26 + random.normal(0, 8);
    const light = random.uniform(24, 46);
    const shift = (dy: number) => curve(points.map(([px, py]): Point => [px, py + dy]), false);
    const line = (dy: number, tone: number, stroke: number, rest = "") =>
      `<path d="${shift(dy)}" fill="none" stroke="${this.earth(hue, 26, tone)}" ` +
      `stroke-width="${short(stroke)}" ${rest}/>`;
    let svg = "";
    for (let i = random.int(3); i > 0; i--) {
      const at = random.pick(points.slice(1, 4));
      svg += this.twig(at, [at[0] + random.normal(0, 28), at[1] + random.uniform(-26, 26)]);
    }
    svg += line(0, light - 14, thick) + line(-thick * 0.12, light, thick * 0.72) +
      line(-thick * 0.26, light + 13, thick * 0.22) +
      line(thick * 0.12, light - 18, 0.8, 'stroke-dasharray="5 3 2 6"') +
      line(-thick * 0.05, light - 12, 0.7, 'stroke-dasharray="3 7 6 4"');
    return svg;
  }

  boulder(feet: readonly Point[]): string {
    const { random, height } = this;
    const [x, y] = middleOf(feet);
    const half = random.uniform(32, 60);
    const top: Point[] = [
      [x - half * 1.2, height + 6],
      [x - half, y + random.uniform(8, 20)],
      [x - half * 0.55, y + random.uniform(1.5, 4)],
      [x, y - 0.5],
      [x + half * 0.55, y + random.uniform(1.5, 4)],
      [x + half, y + random.uniform(8, 20)],
      [x + half * 1.2, height + 6],
    ];
    const hue = 30 + random.normal(0, 12);
    const light = random.uniform(32, 62);
    let svg = `<path d="${curve(top, false)}Z" fill="${this.earth(hue, 12, light)}"/>`;
    const lower = top.map(([px, py]): Point => [px, py + random.uniform(5, 10)]);
    svg += `<path d="${curve(lower, false)}Z" fill="${this.earth(hue, 13, light - 13)}"/>`;
    for (let i = 14; i > 0; i--) {
      const at: Point = [x + random.uniform(-half, half), y + random.uniform(6, 30)];
      svg += `<path d="${oval(at, random.uniform(0.6, 2.4), random.uniform(0.4, 1.2))}" fill="${
        this.earth(hue + random.normal(0, 25), 20, light + random.pick([-22, 14]))
      }"/>`;
    }
    return svg;
  }

  ground(feet: readonly Point[]): string {
    const { random, width, height } = this;
    const [x, y] = middleOf(feet);
    const far = y - random.uniform(2, 10);
    const soil: Point[] = [
      [-6, far + random.uniform(-3, 6)],
      [x, y - 1.5],
      [width + 6, far + random.uniform(-3, 6)],
    ];
    const hue = random.pick([36, 80]) + random.normal(0, 8);
    const light = random.uniform(28, 48);
    let svg = `<path d="${curve(soil, false)}V${height + 6}H-6Z" ` +
      `fill="${this.plant(hue, 34, light)}"/>`;
    svg += `<path d="${oval([x, y + 2.5], 26, 3.5)}" fill="#000" fill-opacity="0.25"/>`;
    for (let i = 12 + random.int(16); i > 0; i--) {
      svg += this.blade([random.uniform(-4, width + 4), y + random.uniform(4, 24)]);
    }
    return svg;
  }

  /** Berries, a flower or a leaf in a colour of birds. */
  distractor(at: Point): string {
    const { random } = this;
    const names = Object.keys(PALETTE) as ColorName[];
    const paint = css(
      PALETTE[random.pick(names)].map((value) => value * random.uniform(0.85, 1.1)),
    );
    const size = random.uniform(1.8, 3.6);
    const kind = random.int(3);
    if (kind === 0) {
      let berries = "";
      let glints = "";
      for (let i = 2 + random.int(4); i > 0; i--) {
        const [x, y]: Point = [at[0] + random.normal(0, 4), at[1] + random.normal(0, 4)];
        berries += oval([x, y], size);
        glints += oval([x - size * 0.3, y - size * 0.35], size * 0.25);
      }
      return `<path d="${berries}" fill="${paint}" stroke="#000" stroke-opacity="0.35" ` +
        `stroke-width="0.5"/><path d="${glints}" fill="#fff" fill-opacity="0.8"/>`;
    }
    if (kind === 1) {
      const turn = random.uniform(0, 2);
      const petals = [0, 1, 2, 3, 4].map((i) => {
        const angle = turn + i * 2 * Math.PI / 5;
        const centre: Point = [
          at[0] + Math.cos(angle) * size * 1.2,
          at[1] + Math.sin(angle) * size * 1.2,
        ];
        return oval(centre, size * 1.15, size * 0.75, angle);
      });
      return `<path d="${petals.join("")}" fill="${paint}" stroke="#000" stroke-opacity="0.2" ` +
        `stroke-width="0.4"/><path d="${oval(at, size * 0.6)}" fill="#e8b93a"/>`;
    }
    const tip: Point = [at[0] + random.normal(0, 8), at[1] + random.normal(0, 8)];
    const middle = between(at, tip, 0.5);
    const [dx, dy] = [(tip[1] - at[1]) * 0.3, (at[0] - tip[0]) * 0.3];
    const leaf = curve([at, [middle[0] + dx, middle[1] + dy], tip, [
      middle[0] - dx,
      middle[1] - dy,
    ]]);
    return `<path d="${leaf}" fill="${paint}" stroke="#000" stroke-opacity="0.25" ` +
      `stroke-width="0.5"/>`;
  }
}

function middleOf(points: readonly Point[]): Point {
  return [
    points.reduce((sum, [x]) => sum + x, 0) / points.length,
    points.reduce((sum, [, y]) => sum + y, 0) / points.length,
  ];
}
