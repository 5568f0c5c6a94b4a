import type { Picture } from "../../../data/dataset.ts";
import type { AttributionMap } from "../../maps/explain.ts";
import { type Colour, colourMap, type ColourMapName, redBlue } from "./colour_map.ts";
import { type TextStyle, Typesetter } from "./fonts.ts";
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
const TITLE_LINE = 22;
const LABEL = 116;
/** A figure with a title is at least so wide. */
const TITLED = 560;

/** How each text is set. */
const STYLES = {
  title: { size: 17, bold: true },
  subtitle: { size: 12, colour: "#555" },
  heading: { size: 13, bold: true },
  formula: { size: 11, colour: "#555" },
  label: { size: 12, bold: true },
  caption: { size: 11, bold: true },
  note: { size: 11, colour: "#555" },
  number: { size: 9.5, colour: "#333" },
} as const satisfies Record<string, TextStyle & { colour?: string }>;

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
  const width = Math.max(starts.at(-1)! + widths.at(-1)! + GAP, title ? TITLED : 0);
  const page = new Page(await Typesetter.load(), starts, widths);
  if (title) page.title(title, width - 2 * GAP);
  page.headings(columns);
  for (const row of rows) {
    page.headings(row.cells.map((cell) => cell?.heading));
    await page.row(row);
  }
  const svg = svgDocument(width, page.height, page.parts);
  return { svg, png: await rasterise(svg, 2) };
}

/** A grid that is drawn from its top downwards. */
class Page {
  readonly parts: string[] = [];
  /** So far. */
  height = GAP;
  #setter: Typesetter;
  #starts: readonly number[];
  #widths: readonly number[];

  constructor(setter: Typesetter, starts: readonly number[], widths: readonly number[]) {
    this.#setter = setter;
    this.#starts = starts;
    this.#widths = widths;
  }

  title([first, second]: readonly [string, string], width: number): void {
    const titles = this.#setter.lines(first, STYLES.title, width);
    this.#write(titles, GAP, 16, STYLES.title, TITLE_LINE);
    this.height += TITLE_LINE * titles.length;
    const subtitles = this.#setter.lines(second, STYLES.subtitle, width);
    this.#write(subtitles, GAP, 14, STYLES.subtitle);
    this.height += LINE * subtitles.length + 12;
  }

  /** Titles of columns that end at one height, and their formulas below. */
  headings(headings: readonly (Heading | undefined)[]): void {
    const set = headings.map((heading, c) => ({
      titles: heading ? this.#setter.lines(heading.title, STYLES.heading, this.#widths[c]) : [],
      formulas: heading?.formula
        ? this.#setter.lines(heading.formula, STYLES.formula, this.#widths[c])
        : [],
    }));
    const most = {
      titles: Math.max(0, ...set.map(({ titles }) => titles.length)),
      formulas: Math.max(0, ...set.map(({ formulas }) => formulas.length)),
    };
    if (most.titles === 0) return;
    for (const [c, { titles, formulas }] of set.entries()) {
      const above = LINE * (most.titles - titles.length);
      this.#write(titles, this.#starts[c], above + 13, STYLES.heading);
      this.#write(formulas, this.#starts[c], LINE * most.titles + 13, STYLES.formula);
    }
    this.height += LINE * (most.titles + most.formulas) + 6;
  }

  async row({ label, cells }: GridRow): Promise<void> {
    const height = Math.max(...cells.map((cell) => cell ? boxOf(cell.picture).height : 0));
    if (label) {
      const lines = this.#setter.lines(label, STYLES.label, LABEL - GAP / 2);
      this.#write(lines, GAP, (height - LINE * (lines.length - 1)) / 2, STYLES.label);
    }
    let below = 0;
    for (const [c, cell] of cells.entries()) {
      if (!cell) continue;
      const x = this.#starts[c];
      this.parts.push(...await drawCell(cell, x, this.height, height));
      let lines = 0;
      for (const [i, text] of (cell.caption ?? []).entries()) {
        const style = i === 0 ? STYLES.caption : STYLES.note;
        const set = this.#setter.lines(text, style, this.#widths[c]);
        this.#write(set, x, height + LINE * (lines + 1) - 3, style);
        lines += set.length;
      }
      below = Math.max(below, lines);
    }
    this.height += height + LINE * below + GAP;
  }

  /** Lines below each other; the first one stands `ascent` below what is drawn. */
  #write(
    lines: readonly string[],
    x: number,
    ascent: number,
    style: TextStyle & { readonly colour?: string },
    height = LINE,
  ): void {
    for (const [i, line] of lines.entries()) {
      this.parts.push(svgText(x, this.height + ascent + height * i, line, style));
    }
  }
}

/** Extents in which a picture is drawn. */
function boxOf({ width, height }: Picture): { width: number; height: number } {
  const zoom = BOX / Math.max(width, height);
  return { width: width * zoom, height: height * zoom };
}

async function drawCell(
  { picture, scale }: Cell,
  x: number,
  y: number,
  height: number,
): Promise<string[]> {
  const box = boxOf(picture);
  const top = y + (height - box.height) / 2;
  const parts = [await svgImage(picture, { x, y: top, ...box })];
  if (scale) parts.push(...colourBar(scale, x + box.width + 6, top, box.height));
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
    parts.push(svgText(x + 12, baseline, shortNumber(value), STYLES.number));
  }
  return parts;
}
