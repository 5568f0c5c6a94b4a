/// <reference lib="dom" />
import type { AttributionMap } from "../../eval/attribution/explain.ts";
import { encodeNpy } from "../../eval/npy.ts";
import { byId, save } from "./dom.ts";
import { type Bar, type MapView, TICKS } from "./map_view.ts";
import { number } from "./words.ts";

/** What is saved. */
export interface Saved {
  readonly map: AttributionMap;
  /** Lines below the picture: the map and its class, and what the model says. */
  readonly caption: readonly string[];
}

/** Saves the map that is shown, as a picture with its colour bar and as numbers. */
export class SaveButtons {
  #saved: Saved | null = null;
  #stem = "map";

  /** @param view shows the map over the picture */
  constructor(view: MapView) {
    byId("save-png", HTMLButtonElement).addEventListener("click", () => {
      if (!this.#saved) return;
      withBar(view.canvas, view.bar, this.#saved.caption)
        .toBlob((png) => png && save(png, `${this.#stem}.png`), "image/png");
    });
    byId("save-npy", HTMLButtonElement).addEventListener("click", () => {
      if (!this.#saved) return;
      const { width, height, values } = this.#saved.map;
      save(new Blob([encodeNpy(Float32Array.from(values), [height, width])]), `${this.#stem}.npy`);
    });
  }

  /** Has a map saved from now on, under a file name without its ending. */
  offer(saved: Saved, stem: string): void {
    this.#saved = saved;
    this.#stem = stem;
  }
}

const EDGE = 12;
const BAR_HEIGHT = 14;
const LINE = 20;
/** Narrower pictures get room for the bar's numbers. */
const LEAST_WIDTH = 320;

/** The map over its picture as it is shown, and below it the bar with its numbers, and the caption. */
function withBar(
  picture: HTMLCanvasElement,
  { bottom, top, colours, label }: Bar,
  caption: readonly string[],
): HTMLCanvasElement {
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
    context.fillText(number(top > 0 ? at(share) : 0), EDGE + share * width, y);
  }
  context.textAlign = "left";
  for (const line of lines) {
    y += LINE;
    context.fillText(line, EDGE, y, width);
  }
  return canvas;
}
