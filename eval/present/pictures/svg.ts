import { encodePng } from "../../../data/codecs.ts";
import type { Picture } from "../../../data/dataset.ts";
import { classWords } from "../class_words.ts";
import { escape } from "../escape.ts";
import { DRAWN_BY } from "../report/own_report.ts";

/** Text at a place, its baseline at y. */
export function svgText(
  x: number,
  y: number,
  content: string,
  { size, bold = false, colour = "#111", anchor = "start" }: {
    readonly size: number;
    readonly bold?: boolean;
    readonly colour?: string;
    readonly anchor?: "start" | "middle" | "end";
  },
): string {
  return `<text x="${x}" y="${y}" font-size="${size}"${bold ? ' font-weight="bold"' : ""} ` +
    `text-anchor="${anchor}" fill="${colour}">${escape(content)}</text>`;
}

/** A picture in a box, whole and undistorted. */
export async function svgImage(
  picture: Picture,
  { x, y, width, height }: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  },
): Promise<string> {
  const bytes = await encodePng(picture);
  return `<image x="${x}" y="${y}" width="${width}" height="${height}" ` +
    `preserveAspectRatio="xMidYMid meet" href="data:image/png;base64,${base64(bytes)}"/>`;
}

/** A whole document on white. */
export function svgDocument(width: number, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="DejaVu Sans, sans-serif">` +
    `${DRAWN_BY}<rect width="100%" height="100%" fill="#fff"/>${parts.join("")}</svg>`;
}

/** `017.Marsh_Wren` → `Marsh Wren`, cut to a number of characters. */
export function readable(name: string, most = 26): string {
  return classWords(name, most);
}

/** A number with three digits that count. */
export function shortNumber(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 0.001 && size < 1000 ? value.toPrecision(3) : value.toExponential(1);
  return text.replace("-", "−");
}

function base64(bytes: Uint8Array): string {
  let binary = "";
  // In pieces: a call takes no more arguments than the stack holds.
  for (let from = 0; from < bytes.length; from += 8192) {
    binary += String.fromCharCode(...bytes.subarray(from, from + 8192));
  }
  return btoa(binary);
}
