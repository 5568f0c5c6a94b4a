/// <reference lib="dom" />
import type { Picture } from "../../data/dataset.ts";
import type { AttributionMap } from "../../eval/maps/explain.ts";
import {
  type Colour,
  colourMap,
  inferno,
  redBlue,
} from "../../eval/present/pictures/colour_map.ts";
import { type Look, peakOf } from "../../eval/present/pictures/look.ts";
import { overlay } from "../../eval/present/pictures/overlay.ts";
import { byId, make } from "./dom.ts";
import type { MapWords } from "./map_words.ts";
import { draw } from "./picture_input.ts";
import { number } from "./words.ts";

/** What the colours of a map stand for. */
export interface Bar {
  readonly bottom: number;
  readonly top: number;
  /** The largest value of the map, which may be above the top. */
  readonly peak: number;
  readonly colours: (value: number) => Colour;
  /** What the values are, e.g. "p(y, z | x)". */
  readonly label: string;
}

/** Where numbers stand at a bar, from its lower end to its upper one. */
export const TICKS = [0, 0.25, 0.5, 0.75, 1] as const;

/** The number at a place of a bar; where values are cut off at the top, it says so. */
export function tick({ bottom, top, peak }: Bar, share: number): string {
  const text = number(top > 0 ? bottom + (top - bottom) * share : 0);
  return share === 1 && peak > top && top > 0 ? `≥ ${text}` : text;
}

/** Larger maps have more numbers than anybody reads. */
const MOST_CELLS = 32 * 32;

/** How a map is drawn. */
export interface Drawing {
  /** Red and blue, from a value to its negative. */
  readonly signed: boolean;
  /** The value of the brightest colour. */
  readonly top: number;
  readonly look: Look;
}

/** Draws a map over the picture, with its colour bar, caption and numbers. */
export class MapView {
  #bar: HTMLDivElement;
  #ticks: HTMLDivElement;
  #label: HTMLDivElement;
  #caption: HTMLParagraphElement;
  #numbers: HTMLDetailsElement;

  /** The colours of the map that is shown. */
  bar: Bar = { bottom: 0, top: 0, peak: 0, colours: inferno, label: "" };

  /**
   * @param prefix of the elements' ids
   * @param canvas the map over the picture
   */
  constructor(prefix: "" | "second-", readonly canvas: HTMLCanvasElement) {
    this.#bar = byId(`${prefix}colour-bar`, HTMLDivElement);
    this.#ticks = byId(`${prefix}ticks`, HTMLDivElement);
    this.#label = byId(`${prefix}bar-label`, HTMLDivElement);
    this.#caption = byId(`${prefix}map-caption`, HTMLParagraphElement);
    this.#numbers = byId(`${prefix}numbers`, HTMLDetailsElement);
  }

  /** Shows a map over a picture. */
  show(picture: Picture, map: AttributionMap, drawing: Drawing, words: MapWords): void {
    const { signed, top, look } = drawing;
    const { width, height, values } = map;
    const peak = peakOf(map, signed);
    const colours = signed ? redBlue : colourMap(look.colours);
    draw(this.canvas, overlay(picture, map, top, colours, look.opacity));
    this.bar = {
      ...{ bottom: signed ? -top : 0, top, peak, label: words.values },
      colours: (value) => colours(top > 0 ? value / top : 0),
    };
    this.#showBar(this.bar);
    this.#label.textContent = words.values;

    const extreme = (name: string, pick: (a: number, b: number) => number) => {
      const value = values.reduce((a, b) => pick(a, b));
      const at = values.indexOf(value);
      const place = `row ${Math.floor(at / width) + 1}, column ${at % width + 1}`;
      return `${name} value ${number(value)} at ${place}.`;
    };
    const text = [
      `${words.title}, ${height} × ${width} ${words.unit}.`,
      extreme("Greatest", Math.max),
      signed ? extreme("Least", Math.min) : "",
      words.sum ?? "",
      words.scale ?? "",
    ].filter(Boolean).join(" ");
    this.#caption.textContent = text;
    this.canvas.setAttribute("aria-label", text);
    this.#showNumbers(map, peak);
  }

  /** Shows why there is no map. */
  showNone(picture: Picture, why: string): void {
    draw(this.canvas, picture);
    this.canvas.setAttribute("aria-label", why);
    this.bar = { bottom: 0, top: 0, peak: 0, colours: inferno, label: "" };
    this.#showBar(this.bar);
    this.#label.textContent = "";
    this.#caption.textContent = why;
    this.#numbers.hidden = true;
  }

  #showBar(bar: Bar): void {
    const { bottom, top, colours } = bar;
    const at = (share: number) => bottom + (top - bottom) * share;
    const stops = Array.from({ length: 17 }, (_, i) => `rgb(${colours(at(i / 16)).join(" ")})`);
    this.#bar.style.backgroundImage = `linear-gradient(to right, ${stops.join(", ")})`;
    this.#ticks.replaceChildren(...TICKS.map((share) => make("span", {}, tick(bar, share))));
  }

  /** The cells with as many decimals as give the greatest three digits. */
  #showNumbers({ width, height, values }: AttributionMap, top: number): void {
    this.#numbers.hidden = width * height > MOST_CELLS;
    if (this.#numbers.hidden) return;
    const columns = [...Array(width).keys()];
    const decimals = top > 0 ? Math.max(0, Math.min(20, 2 - Math.floor(Math.log10(top)))) : 0;
    const fixed = (value: number) => value.toFixed(decimals).replace("-", "−");
    this.#numbers.querySelector(".scroll")!.replaceChildren(make(
      "table",
      {},
      make("caption", { className: "unseen" }, this.#caption.textContent!),
      make(
        "tr",
        {},
        make("td"),
        ...columns.map((x) => make("th", { scope: "col" }, String(x + 1))),
      ),
      ...Array.from({ length: height }, (_, y) =>
        make(
          "tr",
          {},
          make("th", { scope: "row" }, String(y + 1)),
          ...columns.map((x) => make("td", {}, fixed(values[y * width + x]))),
        )),
    ));
  }
}
