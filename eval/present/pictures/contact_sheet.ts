import type { Picture } from "../../../data/dataset.ts";
import type { AttributionMap, Explanation } from "../../maps/explain.ts";
import { type AttributionKind, headingOf } from "../../maps/kinds.ts";
import { inferno } from "./colour_map.ts";
import { overlay } from "./overlay.ts";
import { rasterise } from "./rasterise.ts";
import { readable, shortNumber, svgDocument, svgImage, svgText } from "./svg.ts";

/** One row of a sheet: a picture, its class, and what the model says of it. */
export interface SheetRow {
  readonly picture: Picture;
  readonly label: number;
  readonly explanation: Explanation;
  /** Its maps of that class by their kinds. */
  readonly maps: ReadonlyMap<AttributionKind, AttributionMap>;
}

const CELL = 168;
const GAP = 14;
const HEADER = 92;
const CAPTION = 40;

/**
 * A contact sheet as SVG and PNG: test pictures with their maps for the true class ŷ, the number
 * that each map's brightest colour stands for, and the prediction.
 *
 * @param title two lines: what was trained, and how well it does
 */
export async function contactSheet(
  rows: readonly SheetRow[],
  { kinds, classNames, title }: {
    readonly kinds: readonly AttributionKind[];
    readonly classNames: readonly string[];
    readonly title: readonly [string, string];
  },
): Promise<{ svg: string; png: Uint8Array }> {
  // Two groups of columns side by side fill a page better than one long strip.
  const perGroup = Math.ceil(rows.length / 2);
  const groupWidth = (1 + kinds.length) * (CELL + GAP);
  const width = 2 * groupWidth + 3 * GAP;
  const height = HEADER + perGroup * (CELL + CAPTION + GAP) + 56;
  const parts: string[] = [
    svgText(GAP, 30, title[0], { size: 20, bold: true }),
    svgText(GAP, 52, title[1], { size: 13, colour: "#555" }),
  ];
  for (const group of [0, 1]) {
    const left = GAP + group * (groupWidth + GAP);
    parts.push(svgText(left, 82, "picture", { size: 13, bold: true }));
    for (const [k, kind] of kinds.entries()) {
      const { title, formula } = headingOf(kind);
      const x = left + (k + 1) * (CELL + GAP);
      parts.push(svgText(x, 82, `${title}  ${formula}`, { size: 13, bold: true }));
    }
  }
  for (const [i, row] of rows.entries()) {
    const left = GAP + Math.floor(i / perGroup) * (groupWidth + GAP);
    const top = HEADER + (i % perGroup) * (CELL + CAPTION + GAP);
    parts.push(...await sheetRow(row, kinds, classNames, left, top));
  }
  parts.push(scale(GAP, height - 34));
  const svg = svgDocument(width, height, parts);
  return { svg, png: await rasterise(svg) };
}

async function sheetRow(
  { picture, label, explanation, maps }: SheetRow,
  kinds: readonly AttributionKind[],
  classNames: readonly string[],
  left: number,
  top: number,
): Promise<string[]> {
  const { predicted, probabilities } = explanation;
  const right = predicted === label;
  const parts = [
    await image(picture, left, top),
    svgText(left, top + CELL + 15, readable(classNames[label]), { size: 10, bold: true }),
    svgText(
      left,
      top + CELL + 30,
      right
        ? `✓ p = ${shortNumber(probabilities[label])}`
        : `✗ ${readable(classNames[predicted])} ${shortNumber(probabilities[predicted])}`,
      { size: 10, colour: right ? "#1a7f37" : "#b42318" },
    ),
  ];
  for (const [k, kind] of kinds.entries()) {
    const map = maps.get(kind)!;
    const peak = Math.max(...map.values);
    const x = left + (k + 1) * (CELL + GAP);
    parts.push(
      await image(overlay(picture, map, peak), x, top),
      svgText(x, top + CELL + 15, caption(kind, map, peak), { size: 11, colour: "#555" }),
    );
  }
  return parts;
}

/** The value of the brightest colour, and for the joint map what all cells add up to. */
function caption(kind: AttributionKind, map: AttributionMap, peak: number): string {
  const sum = map.values.reduce((a, b) => a + b, 0);
  return `max ${shortNumber(peak)}${kind === "joint" ? `,  Σ ${shortNumber(sum)}` : ""}`;
}

async function image(picture: Picture, x: number, y: number): Promise<string> {
  return await svgImage(picture, { x, y, width: CELL, height: CELL });
}

function scale(x: number, y: number): string {
  const steps = Array.from({ length: 64 }, (_, i) => {
    const [r, g, b] = inferno(i / 63);
    return `<rect x="${x + 3 * i}" y="${y}" width="3.2" height="12" fill="rgb(${r},${g},${b})"/>`;
  });
  return steps.join("") +
    svgText(x, y + 26, "0", { size: 11 }) +
    svgText(x + 160, y + 26, "max", { size: 11 }) +
    svgText(x + 206, y + 11, "each map has its own scale; max is printed below it", { size: 11 });
}
