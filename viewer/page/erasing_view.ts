/// <reference lib="dom" />
import { likeliest } from "../../eval/maps/explain.ts";
import { byId } from "./dom.ts";
import type { Erased, Examination } from "./examination.ts";
import { draw } from "./picture_input.ts";
import { className, probability } from "./words.ts";

/** The slider that erases, the picture as it is then, and what the model says of it. */
export class ErasingView {
  #slider = byId("erased", HTMLInputElement);

  /** @param onInput told when the slider was moved */
  constructor(onInput: () => void) {
    this.#slider.addEventListener("input", () => {
      this.#tell();
      onInput();
    });
  }

  /** Which share of the picture is erased. */
  get share(): number {
    return Number(this.#slider.value) / 100;
  }

  /** Erases nothing. */
  reset(): void {
    this.#slider.value = "0";
    this.#tell();
  }

  #tell(): void {
    byId("erased-share", HTMLOutputElement).value = `${this.#slider.value} %`;
  }

  /**
   * Shows the picture and what erasing did.
   *
   * @param erased null where nothing is
   * @param name of the picture
   */
  show(
    { opened, shown, explanation }: Examination,
    erased: Erased | null,
    { name, label, share }: {
      readonly name: string;
      readonly label: number;
      readonly share: number;
    },
  ): void {
    const picture = byId("picture", HTMLCanvasElement);
    draw(picture, erased?.picture ?? shown);
    const caption = erased ? `${name}, ${Math.round(100 * share)} % of the pixels blurred` : name;
    byId("picture-caption", HTMLElement).textContent = caption;
    picture.setAttribute("aria-label", `The picture ${caption}`);
    const effect = byId("erased-effect", HTMLElement);
    if (!erased) {
      effect.textContent = "Move the slider: pixels are blurred, those with the highest values " +
        "first, and the network looks again.";
      return;
    }
    const { probabilities } = erased;
    const now = likeliest(probabilities);
    effect.textContent = `${className(opened, label)}: ${
      probability(explanation.probabilities[label])
    } → ${probability(probabilities[label])}. Now predicted: ${className(opened, now)}, ${
      probability(probabilities[now])
    }.`;
  }
}
