/// <reference lib="dom" />
import type { Picture } from "../../data/dataset.ts";
import type { AttributionMap } from "../../eval/attribution/explain.ts";
import type { AttributionKind } from "../../eval/attribution/kinds.ts";
import { type Colour, inferno, redBlue } from "../../eval/pictures/colour_map.ts";
import { overlay } from "../../eval/pictures/overlay.ts";
import { byId, make } from "./dom.ts";
import { draw } from "./picture_input.ts";
import { number } from "./words.ts";

/** What is said about a map. */
export interface MapWords {
  /** The kind of map and its class, e.g. "Joint map of Northern Mossthrush". */
  readonly title: string;
  /** What the values are, e.g. "p(y, z | x)". */
  readonly values: string;
  /** What the cells add up to, where that is something. */
  readonly sum?: string;
  /** What the map is made of: cells of the feature map, or pixels. */
  readonly unit: "cells" | "pixels";
}

/** What the colours of a map stand for. */
export interface Bar {
  readonly bottom: number;
  readonly top: number;
  readonly colours: (value: number) => Colour;
  /** What the values are, e.g. "p(y, z | x)". */
  readonly label: string;
}

/** Where numbers stand at a bar, from its lower end to its upper one. */
export const TICKS = [0, 0.25, 0.5, 0.75, 1] as const;

/** Larger maps have more numbers than anybody reads. */
const MOST_CELLS = 32 * 32;

/** Draws a map over the picture, with its colour bar, caption and numbers. */
export class MapView {
  #canvas = byId("map", HTMLCanvasElement);
  #bar = byId("colour-bar", HTMLDivElement);
  #ticks = byId("ticks", HTMLDivElement);
  #label = byId("bar-label", HTMLDivElement);
  #caption = byId("map-caption", HTMLParagraphElement);
  #numbers = byId("numbers", HTMLDetailsElement);

  /** The colours of the map that is shown. */
  bar: Bar = { bottom: 0, top: 0, colours: inferno, label: "" };

  /** The canvas with the map over the picture. */
  get canvas(): HTMLCanvasElement {
    return this.#canvas;
  }

  /** Shows a map over a picture. */
  show(picture: Picture, map: AttributionMap, kind: AttributionKind, words: MapWords): void {
    const isSigned = kind === "counterfactual" || kind === "cam";
    const { width, height, values } = map;
    const top = values.reduce((a, b) => Math.max(a, isSigned ? Math.abs(b) : b), 0);
    const colours = isSigned ? redBlue : inferno;
    draw(this.#canvas, overlay(picture, map, top, colours));
    this.bar = {
      ...{ bottom: isSigned ? -top : 0, top, label: words.values },
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
      isSigned ? extreme("Least", Math.min) : "",
      words.sum ?? "",
    ].filter(Boolean).join(" ");
    this.#caption.textContent = text;
    this.#canvas.setAttribute("aria-label", text);
    this.#showNumbers(map, top);
  }

  #showBar({ bottom, top, colours }: Bar): void {
    const at = (share: number) => bottom + (top - bottom) * share;
    const stops = Array.from({ length: 17 }, (_, i) => `rgb(${colours(at(i / 16)).join(" ")})`);
    this.#bar.style.backgroundImage = `linear-gradient(to right, ${stops.join(", ")})`;
    this.#ticks.replaceChildren(
      ...TICKS.map((share) => make("span", {}, number(top > 0 ? at(share) : 0))),
    );
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
