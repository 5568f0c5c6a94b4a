import type { Picture } from "../../data/dataset.ts";
import type { AttributionMap } from "../attribution/explain.ts";
import { type Colour, colourMap, type ColourMapName, redBlue } from "./colour_map.ts";
import { DEFAULT_LOOK, type Look, peakOf } from "./look.ts";
import { overlay } from "./overlay.ts";
import { rasterise } from "./rasterise.ts";
import { shortNumber, svgDocument, svgImage, svgText } from "./svg.ts";

/** What the colours of a map stand for. */
export interface Scale {
  /** The value of the brightest colour. */
  readonly top: number;
  /** Red for positive values, blue for negative ones. */
  readonly signed: boolean;
  /** Of maps that are not signed. */
  readonly colours: ColourMapName;
}

/** What stands above a picture or a column. */
export interface Heading {
  readonly title: string;
  readonly formula?: string;
}

/** One picture of a grid. */
export interface Cell {
  /** Above it, where the columns have no headings. */
  readonly heading?: Heading;
  /** As it is drawn: a map is already over it. */
  readonly picture: Picture;
  /** Draws a colour bar beside it. */
  readonly scale?: Scale;
  /** Lines below it. */
  readonly caption?: readonly string[];
}

/** A row of a grid. */
export interface GridRow {
  /** In front of the row; all rows have one or none has. */
  readonly label?: string;
  readonly cells: readonly (Cell | null)[];
}

/** A figure of pictures in rows and columns. */
export interface Grid {
  /** A heading, and a line below it. */
  readonly title?: readonly [string, string];
  /** Above the first row; empty where the cells have headings of their own. */
  readonly columns: readonly Heading[];
  readonly rows: readonly GridRow[];
}

/** Sides of a picture's box, and of what is around it. */
const BOX = 208;
const BAR = 56;
const GAP = 16;
const LINE = 16;
const LABEL = 116;
/** Letters of a label's line: of bold capitals, the widest, some more would run into the picture. */
const LABEL_LETTERS = 13;

/** A map over its picture, with its scale. */
export function mapCell(
  picture: Picture,
  map: AttributionMap,
  { signed, caption, top, look = DEFAULT_LOOK }: {
    readonly signed: boolean;
    readonly caption?: readonly string[];
    /** The value of the brightest colour; default the look's, or the map's largest. */
    readonly top?: number;
    readonly look?: Look;
  },
): Cell {
  const highest = top ?? look.top ?? peakOf(map, signed);
  const { colours, opacity } = look;
  const drawn = overlay(picture, map, highest, signed ? redBlue : colourMap(colours), opacity);
  return { picture: drawn, scale: { top: highest, signed, colours }, caption };
}

/** Draws a grid as SVG and, twice as large, as PNG. */
export async function drawGrid(grid: Grid): Promise<{ svg: string; png: Uint8Array }> {
  const { title, columns, rows } = grid;
  const count = Math.max(columns.length, ...rows.map(({ cells }) => cells.length));
  const widths = Array.from(
    { length: count },
    (_, c) => BOX + (rows.some((row) => row.cells[c]?.scale) ? BAR : 0),
  );
  const left = GAP + (rows.some(({ label }) => label) ? LABEL : 0);
  const starts = widths.map((_, c) =>
    widths.slice(0, c).reduce((sum, width) => sum + width + GAP, left)
  );
  const width = Math.max(starts.at(-1)! + widths.at(-1)! + GAP, title ? 560 : 0);
  const parts: string[] = [];
  let y = GAP;
  if (title) {
    parts.push(svgText(GAP, y + 16, title[0], { size: 17, bold: true }));
    parts.push(svgText(GAP, y + 36, title[1], { size: 12, colour: "#555" }));
    y += 50;
  }
  for (const [c, heading] of columns.entries()) parts.push(...drawHeading(heading, starts[c], y));
  y += headingHeight(columns);
  for (const { label, cells } of rows) {
    const headings = cells.map((cell) => cell?.heading);
    for (const [c, heading] of headings.entries()) {
      if (heading) parts.push(...drawHeading(heading, starts[c], y));
    }
    y += headingHeight(headings);
    const height = Math.max(...cells.map((cell) => cell ? boxOf(cell.picture).height : 0));
    if (label) parts.push(...labelLines(label, y + height / 2));
    for (const [c, cell] of cells.entries()) {
      if (cell) parts.push(...await drawCell(cell, starts[c], y, height));
    }
    const lines = Math.max(...cells.map((cell) => cell?.caption?.length ?? 0));
    y += height + lines * LINE + GAP;
  }
  const svg = svgDocument(width, y, parts);
  return { svg, png: await rasterise(svg, 2) };
}

function drawHeading({ title, formula }: Heading, x: number, y: number): string[] {
  return [
    svgText(x, y + 13, title, { size: 13, bold: true }),
    ...(formula ? [svgText(x, y + 29, formula, { size: 11, colour: "#555" })] : []),
  ];
}

function headingHeight(headings: readonly (Heading | undefined)[]): number {
  if (headings.some((heading) => heading?.formula)) return 38;
  return headings.some((heading) => heading) ? 22 : 0;
}

/** Extents in which a picture is drawn. */
function boxOf({ width, height }: Picture): { width: number; height: number } {
  const zoom = BOX / Math.max(width, height);
  return { width: width * zoom, height: height * zoom };
}

async function drawCell(
  { picture, scale, caption = [] }: Cell,
  x: number,
  y: number,
  height: number,
): Promise<string[]> {
  const box = boxOf(picture);
  const top = y + (height - box.height) / 2;
  const parts = [await svgImage(picture, { x, y: top, ...box })];
  if (scale) parts.push(...colourBar(scale, x + box.width + 6, top, box.height));
  for (const [i, line] of caption.entries()) {
    const first = i === 0;
    const style = { size: 11, bold: first, colour: first ? "#111" : "#555" };
    parts.push(svgText(x, y + height + LINE * (i + 1) - 3, line, style));
  }
  return parts;
}

/** A bar with its numbers: the highest, the middle and the lowest. */
function colourBar(
  { top, signed, colours }: Scale,
  x: number,
  y: number,
  height: number,
): string[] {
  const steps = 64;
  const of = colourMap(colours);
  const parts = Array.from({ length: steps }, (_, i) => {
    const share = 1 - (i + 0.5) / steps;
    const [r, g, b]: Colour = signed ? redBlue(2 * share - 1) : of(share);
    const step = height / steps;
    return `<rect x="${x}" y="${y + i * step}" width="9" height="${step + 0.4}" ` +
      `fill="rgb(${r},${g},${b})"/>`;
  });
  const low = signed ? -top : 0;
  for (const [share, value] of [[0, top], [0.5, (top + low) / 2], [1, low]] as const) {
    const baseline = y + 8 + share * (height - 8);
    parts.push(svgText(x + 12, baseline, shortNumber(value), { size: 9.5, colour: "#333" }));
  }
  return parts;
}

/** A row's label, broken at its spaces, long words behind their hyphens or wherever they have to. */
function labelLines(label: string, middle: number): string[] {
  const lines: string[] = [];
  for (const word of label.split(" ")) {
    for (const [i, piece] of piecesOf(word).entries()) {
      const last = lines.at(-1);
      const joined = `${last}${i === 0 ? " " : ""}${piece}`;
      if (last !== undefined && joined.length <= LABEL_LETTERS) lines[lines.length - 1] = joined;
      else lines.push(piece);
    }
  }
  const first = middle - (lines.length - 1) * 8;
  return lines.map((line, i) => svgText(GAP, first + 16 * i, line, { size: 12, bold: true }));
}

/** A word's syllables as far as hyphens and such show them, none wider than a label. */
function piecesOf(word: string): string[] {
  if (word.length <= LABEL_LETTERS) return [word];
  return word.split(/(?<=[-_.])/).flatMap((part) => {
    const letters = [...part];
    return Array.from(
      { length: Math.ceil(letters.length / LABEL_LETTERS) },
      (_, i) => letters.slice(i * LABEL_LETTERS, (i + 1) * LABEL_LETTERS).join(""),
    );
  });
}
