/// <reference lib="dom" />
import type { AttributionKind } from "../../eval/maps/kinds.ts";
import type { OpenedModel } from "../../model/stored/open_model.ts";
import { byId, make, showParts } from "./dom.ts";
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
      element.addEventListener("change", onChange);
    }
  }

  /** Offers the maps and classes of a model. */
  offer(opened: OpenedModel): void {
    const { own } = kindsOf(opened);
    const before = this.#kind.value;
    this.#kind.replaceChildren(...kindOptions(opened));
    this.#kind.value = before;
    // A select has no value when it has no such option.
    if (!this.#kind.value) this.#kind.value = own[0];

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

  /** Chooses map and classes; what is left out stays, and so does what is not on offer. */
  choose({ kind, label, against, superset }: Partial<MapChoice>): void {
    select(this.#kind, kind);
    select(this.#label, label);
    select(this.#against, against);
    if (superset) {
      for (const box of this.#boxes) box.checked = superset.includes(Number(box.value));
    }
  }

  get #boxes(): HTMLInputElement[] {
    return [...this.#superset.querySelectorAll("input")];
  }

  /**
   * Shows the fields that matter.
   *
   * @param beside the kind of the second map
   */
  showParts(beside: AttributionKind | null): void {
    for (const kind of ["counterfactual", "subset"] as const) {
      showParts(kind, [this.#kind.value, beside].includes(kind));
    }
  }
}

/** Selects an option that there is. */
function select(element: HTMLSelectElement, value: string | number | undefined): void {
  const option = [...element.options].find((option) => option.value === String(value));
  if (option) option.selected = true;
}

/** Options for the kinds of map of a model, in groups. */
export function kindOptions(opened: OpenedModel): HTMLOptGroupElement[] {
  const { own, gradients } = kindsOf(opened);
  const option = (kind: AttributionKind) => {
    const { name, values } = kindWords(opened, kind);
    return make("option", { value: kind }, own.includes(kind) ? `${name}: ${values}` : name);
  };
  const group = (label: string, kinds: readonly AttributionKind[]) =>
    make("optgroup", { label }, ...kinds.map(option));
  return [group("From one forward pass", own), group("By gradients", gradients)];
}
