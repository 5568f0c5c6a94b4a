/// <reference lib="dom" />
import type { AttributionMap } from "../../eval/attribution/explain.ts";
import { encodeNpy } from "../../eval/npy.ts";
import { byId, save } from "./dom.ts";

/** Saves the map that is shown, as a picture and as numbers. */
export class SaveButtons {
  #map: AttributionMap | null = null;
  #stem = "map";

  /** @param canvas shows the map over the picture */
  constructor(canvas: HTMLCanvasElement) {
    byId("save-png", HTMLButtonElement).addEventListener("click", () => {
      canvas.toBlob((png) => png && save(png, `${this.#stem}.png`), "image/png");
    });
    byId("save-npy", HTMLButtonElement).addEventListener("click", () => {
      if (!this.#map) return;
      const { width, height, values } = this.#map;
      save(new Blob([encodeNpy(Float32Array.from(values), [height, width])]), `${this.#stem}.npy`);
    });
  }

  /** Has a map saved from now on, under a file name without its ending. */
  offer(map: AttributionMap, stem: string): void {
    this.#map = map;
    this.#stem = stem;
  }
}
