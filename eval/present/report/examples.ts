import { encodeJpeg, encodePng } from "../../../data/codecs.ts";
import type { Picture } from "../../../data/dataset.ts";
import { runnerUp } from "../../maps/explain.ts";
import type { AttributionKind } from "../../maps/kinds.ts";
import { classWords } from "../class_words.ts";
import { type ColourMap, inferno, redBlue } from "../pictures/colour_map.ts";
import type { SheetRow } from "../pictures/contact_sheet.ts";
import { peakOf } from "../pictures/look.ts";
import { overlay } from "../pictures/overlay.ts";
import { type Markup, markup } from "./markup.ts";
import { mapWords } from "./map_words.ts";
import { statement, twoDigits } from "./words.ts";

/** A row of the contact sheet as a card: the picture, its maps, and what the model says. */
export async function exampleCard(
  row: SheetRow,
  kinds: readonly AttributionKind[],
  classNames: readonly string[],
): Promise<Markup> {
  const { picture, label } = row;
  const original = await image(
    picture,
    `test picture of the class ${classWords(classNames[label])}`,
  );
  const maps = await Promise.all(kinds.map((kind) => mapColumn(row, kind)));
  return markup`<figure class="card"><figcaption>${verdict(row, classNames)}</figcaption>
<div class="maps"><div>${original}<span>picture</span></div>${maps}${await rather(
    row,
    classNames,
  )}</div></figure>
`;
}

/** The picture and the model's own map of the opening, beside each other and large. */
export async function openingPicture(
  { picture, label, maps }: SheetRow,
  kind: AttributionKind,
  classNames: readonly string[],
): Promise<Markup> {
  const name = classWords(classNames[label]);
  const map = maps.get(kind)!;
  const original = await image(picture, `test picture of the class ${name}`);
  const inColours = await image(
    overlay(picture, map, Math.max(...map.values)),
    `the same picture in grey, with its ${mapWords(kind).name} map for ${name} in colours`,
  );
  return markup`<figure><div class="pair">${original}${inColours}</div>
<figcaption>A test picture of the class ${name}, and the model’s map for that class.</figcaption></figure>`;
}

/** The colours of all maps, from 0 to the greatest value, and of the differences of two classes. */
export function colourScales(classes: number): Markup[] {
  const words = "each map’s own greatest value, written below it as “max”";
  const scales = [scale("0", inferno, words)];
  if (classes > 1) {
    scales.push(scale("for y′", (share) => redBlue(2 * share - 1), "for ŷ, up to ± “max”"));
  }
  return scales;
}

function scale(low: string, colours: ColourMap, high: string): Markup {
  const steps = Array.from({ length: 48 }, (_, i) => {
    const colour = `rgb(${colours(i / 47).join()})`;
    return markup`<rect x="${i}" y="0" width="1.1" height="1" fill="${colour}"/>`;
  });
  const bar =
    markup`<svg viewBox="0 0 48 1" preserveAspectRatio="none" shape-rendering="crispEdges" aria-hidden="true">${steps}</svg>`;
  return markup`<div class="scale"><span>${low}</span>${bar}<span>${high}</span></div>\n`;
}

/** The true class, and what was predicted: right or wrong as a word. */
function verdict({ label, explanation }: SheetRow, classNames: readonly string[]): Markup {
  const { predicted, probabilities } = explanation;
  const name = (of: number) => classWords(classNames[of]);
  const told = predicted === label
    ? markup`<span class="right">right</span>`
    : markup`<span class="wrong">wrong</span>, predicted ${name(predicted)}`;
  return markup`<strong>${name(label)}</strong>: ${told}, ${
    statement("p", probabilities[predicted])
  }`;
}

async function mapColumn({ picture, maps }: SheetRow, kind: AttributionKind) {
  const map = maps.get(kind)!;
  const peak = Math.max(...map.values);
  const { name } = mapWords(kind);
  const drawn = await image(overlay(picture, map, peak), `${name} map`);
  return markup`<div>${drawn}<span>${name}<br/>max ${twoDigits(peak)}</span></div>`;
}

/**
 * Why this class rather than the likeliest other one: red speaks for it, blue for the other. Null
 * where there is no other.
 */
async function rather(
  { picture, label, explanation }: SheetRow,
  classNames: readonly string[],
): Promise<Markup | null> {
  const second = runnerUp(explanation.probabilities, label);
  if (second === null) return null;
  const other = classWords(classNames[second]);
  const map = explanation.map("counterfactual", label);
  const peak = peakOf(map, true);
  const drawn = overlay(picture, map, peak, redBlue);
  const own = await image(drawn, `map of what speaks for the class rather than for ${other}`);
  return markup`<div>${own}<span>rather than<br/>${other}<br/>max ± ${
    twoDigits(peak)
  }</span></div>`;
}

/** Photographs as PNG would make a report of many megabytes. */
const LARGEST_PNG = 96;

async function image(picture: Picture, description: string): Promise<Markup> {
  const { width, height } = picture;
  const [type, bytes] = Math.max(width, height) > LARGEST_PNG
    ? ["jpeg", await encodeJpeg(picture)] as const
    : ["png", await encodePng(picture)] as const;
  const base64 = btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ""));
  const source = `data:image/${type};base64,${base64}`;
  return markup`<img src="${source}" alt="${description}" width="${width}" height="${height}"/>`;
}
