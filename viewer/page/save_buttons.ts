/// <reference lib="dom" />
import type { AttributionMap } from "../../eval/maps/explain.ts";
import { encodeNpy } from "../../eval/measures/npy.ts";
import type { Look } from "../../eval/present/pictures/look.ts";
import { byId, save } from "./dom.ts";
import type { MadeMap } from "./drawn_map.ts";
import { mapWords } from "./map_words.ts";
import { type Bar, type MapView, tick, TICKS } from "./map_view.ts";
import { className, probability } from "./words.ts";

/** What is saved. */
export interface Saved {
  readonly map: AttributionMap;
  /** Shows the map over the picture. */
  readonly view: MapView;
  /** Lines below the picture: the map and its class, and what the model says. */
  readonly caption: readonly string[];
  /** File name without its ending. */
  readonly stem: string;
}

/** What is saved of a map that is shown. */
export function savedOf(
  view: MapView,
  { examination, choice, map }: MadeMap,
  look: Look,
  { picture, model }: { readonly picture: string; readonly model: string },
): Saved {
  const { opened, explanation: { probabilities } } = examination;
  const { title } = mapWords(examination, choice, map, look);
  const p = `p(y | x) = ${probability(probabilities[choice.label])}`;
  return {
    map,
    view,
    caption: [title, `${p} for ${className(opened, choice.label)}; ${picture}, ${model}`],
    stem: `${picture.replace(/\.[^.]*$/, "")}-${choice.kind}-${choice.label}`,
  };
}

/** Saves the maps that are shown, as a picture with their colour bars and as numbers. */
export class SaveButtons {
  #first: Saved | null = null;
  #second: Saved | null = null;

  /** Listens to the buttons. */
  constructor() {
    const listen = (id: string, act: () => void) =>
      byId(id, HTMLButtonElement).addEventListener("click", act);
    listen("save-png", () => this.#savePng());
    listen("save-npy", () => saveNpy(this.#first, ""));
    listen("save-second-npy", () => saveNpy(this.#second, "-second"));
  }

  /** Has maps saved from now on. */
  offer(first: Saved, second: Saved | null): void {
    this.#first = first;
    this.#second = second;
  }

  #savePng(): void {
    if (!this.#first) return;
    const all = [this.#first, this.#second].filter((each) => each !== null);
    const { stem } = this.#first;
    const mark = this.#second ? "-beside" : "";
    abreast(all.map(({ view: { canvas, bar }, caption }) => withBar(canvas, bar, caption)))
      .toBlob((png) => png && save(png, `${stem}${mark}.png`), "image/png");
  }
}

function saveNpy(saved: Saved | null, mark: string): void {
  if (!saved) return;
  const { map: { width, height, values }, stem } = saved;
  save(new Blob([encodeNpy(Float32Array.from(values), [height, width])]), `${stem}${mark}.npy`);
}

/** Drawings beside each other. */
function abreast(parts: readonly HTMLCanvasElement[]): HTMLCanvasElement {
  if (parts.length === 1) return parts[0];
  const canvas = document.createElement("canvas");
  canvas.width = parts.reduce((sum, { width }) => sum + width, 0);
  canvas.height = Math.max(...parts.map(({ height }) => height));
  const context = canvas.getContext("2d")!;
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  let x = 0;
  for (const part of parts) {
    context.drawImage(part, x, 0);
    x += part.width;
  }
  return canvas;
}

const EDGE = 12;
const BAR_HEIGHT = 14;
const LINE = 20;
/** Narrower pictures get room for the bar's numbers. */
const LEAST_WIDTH = 320;

/** The map over its picture as it is shown, and below it the bar with its numbers, and the caption. */
function withBar(
  picture: HTMLCanvasElement,
  bar: Bar,
  caption: readonly string[],
): HTMLCanvasElement {
  const { bottom, top, colours, label } = bar;
  const canvas = document.createElement("canvas");
  const width = Math.max(picture.width, LEAST_WIDTH);
  const lines = [label, ...caption];
  canvas.width = width + 2 * EDGE;
  canvas.height = picture.height + BAR_HEIGHT + (lines.length + 1) * LINE + 4 * EDGE;
  const context = canvas.getContext("2d")!;
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, EDGE, EDGE);
  let y = picture.height + 2 * EDGE;
  const at = (share: number) => bottom + (top - bottom) * share;
  for (let x = 0; x < width; x++) {
    context.fillStyle = `rgb(${colours(at((x + 0.5) / width)).join(" ")})`;
    context.fillRect(EDGE + x, y, 1, BAR_HEIGHT);
  }
  y += BAR_HEIGHT + LINE - 4;
  context.fillStyle = "#222";
  context.font = "13px sans-serif";
  for (const share of TICKS) {
    context.textAlign = share === 0 ? "left" : share === 1 ? "right" : "center";
    context.fillText(tick(bar, share), EDGE + share * width, y);
  }
  context.textAlign = "left";
  for (const line of lines) {
    y += LINE;
    context.fillText(line, EDGE, y, width);
  }
  return canvas;
}
