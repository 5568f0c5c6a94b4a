import { svgText } from "./markup.ts";
import type { Scale } from "./scale.ts";

/** How a line of a chart looks. */
export interface Look {
  /** For a page that gives it other colours. */
  readonly className: string;
  readonly colour: string;
  /** Lengths of dashes and gaps; empty for a line without. */
  readonly dashes: string;
  readonly shape: "circle" | "square" | "triangle" | "diamond" | "cross";
}

/** The two axes of a chart. */
export interface Placed {
  readonly x: Scale;
  readonly y: Scale;
}

/** Lines that are no data. */
export const LINE = {
  grid: 'stroke="#dcdcdc"',
  axis: 'stroke="#555"',
  mark: 'stroke="#555" stroke-dasharray="2 3"',
} as const;

/**
 * After Okabe and Ito, darkened where needed to a contrast of 3 : 1 with white; each with the
 * colour that has it on black.
 */
export const COLOURS: readonly (readonly [light: string, dark: string])[] = [
  ["#0072b2", "#5cb3ea"],
  ["#c8510a", "#f0883e"],
  ["#00805c", "#2fc49a"],
  ["#a8478a", "#e29ac8"],
  ["#6b6b6b", "#b5b5b5"],
  ["#8a6d00", "#e0c04a"],
  ["#2f4b9c", "#9fb2f5"],
  ["#a61e3a", "#f28b9b"],
];
const DASHES = ["", "7 4", "2 3", "9 3 2 3", "12 4"];
const SHAPES = ["circle", "square", "triangle", "diamond", "cross"] as const;

/** The look of series `i`: two of them share their colour only when dashes and marker differ. */
export function look(i: number): Look {
  return {
    className: `s${i % COLOURS.length}`,
    colour: COLOURS[i % COLOURS.length][0],
    dashes: DASHES[i % DASHES.length],
    shape: SHAPES[i % SHAPES.length],
  };
}

/** A series' marker around a point. */
export function marker({ colour, shape }: Look, x: number, y: number): string {
  const fill = `fill="${colour}"`;
  switch (shape) {
    case "circle":
      return `<circle cx="${x}" cy="${y}" r="3.6" ${fill}/>`;
    case "square":
      return `<path d="M${x} ${y}m-3.4-3.4h6.8v6.8h-6.8z" ${fill}/>`;
    case "triangle":
      return `<path d="M${x} ${y}m0-4.6l4.4 7.8h-8.8z" ${fill}/>`;
    case "diamond":
      return `<path d="M${x} ${y}m0-4.8l4.4 4.8l-4.4 4.8l-4.4-4.8z" ${fill}/>`;
    case "cross":
      return `<path d="M${x} ${y}m-3.4-3.4l6.8 6.8m0-6.8l-6.8 6.8" fill="none" ` +
        `stroke="${colour}" stroke-width="2"/>`;
  }
}

const ROW = 20;
const SAMPLE = 30;
/** Width of a letter on average, on the generous side. */
const LETTER = 7.6;

/** Names of series beside a sample of their line, in as many columns as there is room for. */
export function legendOf(names: readonly string[], width: number) {
  const column = SAMPLE + 28 + LETTER * Math.max(...names.map((name) => name.length));
  const columns = Math.max(1, Math.min(names.length, Math.floor((width - 16) / column)));
  const rows = Math.ceil(names.length / columns);
  const draw = (top: number) =>
    names.map((name, i) => {
      const own = look(i);
      const x = 16 + (i % columns) * (width - 16) / columns;
      const y = top + 10 + ROW * Math.floor(i / columns);
      const dashes = own.dashes ? ` stroke-dasharray="${own.dashes}"` : "";
      return `<g class="series ${own.className}"><path d="M${x} ${y}h${SAMPLE}" fill="none" ` +
        `stroke="${own.colour}" stroke-width="2.2"${dashes}/>${marker(own, x + SAMPLE / 2, y)}` +
        `<text x="${x + SAMPLE + 8}" y="${y + 4.5}">${svgText(name)}</text></g>`;
    }).join("");
  return { height: ROW * rows + 6, draw };
}
