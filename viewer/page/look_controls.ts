/// <reference lib="dom" />
import { COLOUR_MAPS, type ColourMapName } from "../../eval/present/pictures/colour_map.ts";
import { DEFAULT_LOOK, type Look, usualOpacity } from "../../eval/present/pictures/look.ts";
import { byId, make, showParts } from "./dom.ts";
import { number } from "./words.ts";

/** The form in which is chosen how maps are drawn. */
export class LookControls {
  #scale = byId("scale", HTMLSelectElement);
  #maximum = byId("maximum", HTMLInputElement);
  #problem = byId("maximum-problem", HTMLElement);
  #colours = byId("colours", HTMLSelectElement);
  #laid = byId("laid", HTMLSelectElement);
  #opacity = byId("opacity", HTMLInputElement);
  /** What the maximum is while there is none of the user's. */
  #top = 1;

  /** @param onChange told when the user chose something else */
  constructor(onChange: () => void) {
    this.#colours.append(...COLOUR_MAPS.map((value) => make("option", { value }, value)));
    this.look = DEFAULT_LOOK;
    const changed = () => {
      this.#showParts();
      onChange();
    };
    this.#scale.addEventListener("change", () => {
      if (this.#scale.value === "fixed") this.#maximum.value = String(rounded(this.#top));
      changed();
    });
    this.#colours.addEventListener("change", () => {
      this.#lay(usualOpacity(this.#colours.value as ColourMapName));
      changed();
    });
    this.#laid.addEventListener("change", changed);
    for (const input of [this.#maximum, this.#opacity]) input.addEventListener("input", changed);
  }

  /** How maps are drawn. */
  get look(): Look {
    const isFixed = this.#scale.value === "fixed";
    const top = this.#maximum.valueAsNumber;
    return {
      scale: this.#scale.value === "shared" ? "shared" : "own",
      top: isFixed && top > 0 ? top : null,
      colours: this.#colours.value as ColourMapName,
      opacity: this.#laid.value === "cover" ? this.#opacity.valueAsNumber / 100 : null,
    };
  }

  set look({ scale, top, colours, opacity }: Look) {
    this.#scale.value = top === null ? scale : "fixed";
    this.#maximum.value = top === null ? "" : String(top);
    this.#colours.value = colours;
    this.#lay(opacity);
    this.#showParts();
  }

  /**
   * Tells the form about the map that is shown.
   *
   * @param top the value of its brightest colour
   * @param signed its colours are red and blue, whatever is chosen
   */
  showing(top: number, signed: boolean): void {
    this.#top = top;
    this.#colours.disabled = signed;
  }

  #lay(opacity: number | null): void {
    this.#laid.value = opacity === null ? "light" : "cover";
    if (opacity !== null) this.#opacity.value = String(Math.round(100 * opacity));
  }

  #showParts(): void {
    const { top, opacity } = this.look;
    const isFixed = this.#scale.value === "fixed";
    showParts("fixed", isFixed);
    showParts("cover", opacity !== null);
    byId("opacity-share", HTMLOutputElement).value = `${this.#opacity.value} %`;
    const isWrong = isFixed && top === null;
    this.#problem.hidden = !isWrong;
    this.#problem.textContent = isWrong
      ? `Expected a number above 0, such as ${number(this.#top)}; until then each map has its own.`
      : "";
    this.#maximum.ariaInvalid = String(isWrong);
  }
}

/** With three significant digits, as people write numbers. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
