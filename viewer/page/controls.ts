/// <reference lib="dom" />
import type { AttributionKind } from "../../eval/attribution/kinds.ts";
import type { OpenedModel } from "../../model/open_model.ts";
import { byId, make } from "./dom.ts";
import { kindsOf, type MapChoice } from "./examination.ts";
import { className, kindWords } from "./words.ts";

/** The form in which the map is chosen: kind, class, and the other classes that it is about. */
export class Controls {
  #kind = byId("kind", HTMLSelectElement);
  #label = byId("class", HTMLSelectElement);
  #against = byId("against", HTMLSelectElement);
  #superset = byId("superset", HTMLFieldSetElement);

  /** @param onChange told when the user chose something else */
  constructor(onChange: () => void) {
    for (const element of [this.#kind, this.#label, this.#against, this.#superset]) {
      element.addEventListener("change", () => {
        this.#showParts();
        onChange();
      });
    }
  }

  /** Offers the maps and classes of a model. */
  offer(opened: OpenedModel): void {
    const { own, gradients } = kindsOf(opened);
    const before = this.#kind.value;
    const option = (kind: AttributionKind) => {
      const { name, values } = kindWords(opened, kind);
      return make("option", { value: kind }, own.includes(kind) ? `${name}: ${values}` : name);
    };
    const group = (label: string, kinds: readonly AttributionKind[]) =>
      make("optgroup", { label }, ...kinds.map(option));
    this.#kind.replaceChildren(
      group("From one forward pass", own),
      group("By gradients", gradients),
    );
    this.#kind.value = [...own, ...gradients].find((kind) => kind === before) ?? own[0];

    const classes = Array.from({ length: opened.options.classes }, (_, label) => label);
    const names = classes.map((label) => className(opened, label));
    for (const select of [this.#label, this.#against]) {
      select.replaceChildren(
        ...classes.map((label) => make("option", { value: String(label) }, names[label])),
      );
    }
    const [legend] = this.#superset.children;
    const boxes = classes.map((label) =>
      make(
        "label",
        { className: "choice" },
        make("input", { type: "checkbox", value: String(label) }),
        names[label],
      )
    );
    this.#superset.replaceChildren(legend, make("div", { className: "boxes" }, ...boxes));
    this.#showParts();
  }

  /** What is chosen. */
  get choice(): MapChoice {
    return {
      kind: this.#kind.value as AttributionKind,
      label: Number(this.#label.value),
      against: Number(this.#against.value),
      superset: this.#boxes.filter(({ checked }) => checked).map(({ value }) => Number(value)),
    };
  }

  /** Chooses classes; what is left out stays. */
  choose({ label, against, superset }: Partial<MapChoice>): void {
    if (label !== undefined) this.#label.value = String(label);
    if (against !== undefined) this.#against.value = String(against);
    if (superset) {
      for (const box of this.#boxes) box.checked = superset.includes(Number(box.value));
    }
    this.#showParts();
  }

  get #boxes(): HTMLInputElement[] {
    return [...this.#superset.querySelectorAll("input")];
  }

  #showParts(): void {
    const show = (part: string, isShown: boolean) => {
      for (const element of document.querySelectorAll<HTMLElement>(`.of-${part}`)) {
        element.hidden = !isShown;
      }
    };
    show("counterfactual", this.#kind.value === "counterfactual");
    show("subset", this.#kind.value === "subset");
  }
}
