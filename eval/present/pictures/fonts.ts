import { Buffer } from "node:buffer";
// Imported so that the package is fetched with the others; its fonts are read as files.
import fonts from "npm:dejavu-fonts-ttf@2.37.3/package.json" with { type: "json" };
// @ts-types="npm:@types/fontkit@2.0.9"
import { create, type Font } from "npm:fontkit@2.0.4";

/** DejaVu Sans, the font of every drawing, as TrueType files. */
export interface Fonts {
  readonly plain: Uint8Array;
  readonly bold: Uint8Array;
}

/** How a text is set. */
export interface TextStyle {
  /** In pixels of the drawing. */
  readonly size: number;
  readonly bold?: boolean;
}

let files: Promise<Fonts> | undefined;

/** Reads the fonts, once. */
export function loadFonts(): Promise<Fonts> {
  const read = (file: string) =>
    Deno.readFile(new URL(import.meta.resolve(`npm:${fonts.name}@${fonts.version}/ttf/${file}`)));
  return files ??= Promise.all([read("DejaVuSans.ttf"), read("DejaVuSans-Bold.ttf")])
    .then(([plain, bold]) => ({ plain, bold }));
}

/** Measures and breaks texts as they are drawn. */
export class Typesetter {
  #plain: Font;
  #bold: Font;

  private constructor(plain: Font, bold: Font) {
    this.#plain = plain;
    this.#bold = bold;
  }

  /** Reads the fonts' tables. */
  static async load(): Promise<Typesetter> {
    const { plain, bold } = await loadFonts();
    const font = (file: Uint8Array) => create(Buffer.from(file)) as Font;
    return new Typesetter(font(plain), font(bold));
  }

  /** The width of a text in pixels. */
  width(text: string, { size, bold = false }: TextStyle): number {
    const font = bold ? this.#bold : this.#plain;
    const units = font.glyphsForString(text).reduce((sum, glyph) => sum + glyph.advanceWidth, 0);
    return units * size / font.unitsPerEm;
  }

  /** Breaks a text into lines: at spaces, in long words behind hyphens and such, or where it has to. */
  lines(text: string, style: TextStyle, most: number): string[] {
    const fits = (line: string) => this.width(line, style) <= most;
    const lines: string[] = [];
    for (const word of text.split(" ")) {
      const pieces = fits(word) ? [word] : this.#pieces(word, fits);
      for (const [i, piece] of pieces.entries()) {
        // A word that is broken anyhow begins its own line.
        const isFree = i > 0 || pieces.length === 1;
        const joined = `${lines.at(-1)}${i === 0 ? " " : ""}${piece}`;
        if (lines.length > 0 && isFree && fits(joined)) lines[lines.length - 1] = joined;
        else lines.push(piece);
      }
    }
    return lines;
  }

  /** A word's syllables as far as hyphens and such show them, and letters of those that are too long. */
  #pieces(word: string, fits: (line: string) => boolean): string[] {
    return word.split(/(?<=[-_.])/).flatMap((part) => fits(part) ? [part] : [...part]);
  }
}
