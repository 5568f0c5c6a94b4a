/// <reference lib="dom" />
import type { Picture } from "../../data/dataset.ts";
import type { AttributionKind } from "../../eval/maps/kinds.ts";
import type { OpenedModel } from "../../model/stored/open_model.ts";
import { kindOptions } from "./controls.ts";
import { byId, make } from "./dom.ts";
import { Examination, kindsOf, type MapChoice } from "./examination.ts";
import { MapView } from "./map_view.ts";
import type { Named } from "./named.ts";
import { sameChoice } from "./same_class.ts";
import { className, probability } from "./words.ts";

/** What the second map shows: a choice of an examination, or why there is none. */
export type Second = {
  readonly examination: Examination;
  readonly choice: MapChoice | string;
};

/** A second map of the picture and the class: of another kind, or of a second model. */
export class SecondMap {
  readonly view = new MapView("second-", byId("second-map", HTMLCanvasElement));
  #kind = byId("beside", HTMLSelectElement);
  #model: Named<OpenedModel> | null = null;
  #next: Named<OpenedModel> | null = null;
  #examination: { readonly of: Examination; readonly picture: Picture } | null = null;
  #offered: OpenedModel | null = null;
  #isClosing = false;

  /** @param onChange told when the user chose something else */
  constructor(onChange: () => void) {
    this.#kind.addEventListener("change", onChange);
    byId("close-second", HTMLButtonElement).addEventListener("click", () => {
      this.close();
      // The button goes.
      this.#kind.focus();
      onChange();
    });
  }

  /** The kind of the second map; null where there is none. */
  get kind(): AttributionKind | null {
    return (this.#kind.value || null) as AttributionKind | null;
  }

  /** Chooses the kind of the second map, where it is on offer. */
  set kind(kind: AttributionKind | null) {
    this.#kind.value = kind ?? "";
    if (this.#kind.selectedIndex < 0) this.#kind.value = "";
  }

  /** The model that it has of its own. */
  get model(): Named<OpenedModel> | null {
    return this.#isClosing ? null : this.#next ?? this.#model;
  }

  /** Takes a second model, to be shown at the next update. */
  take(model: Named<OpenedModel>): void {
    this.#next?.value.model.dispose();
    this.#next = model;
    this.#isClosing = false;
  }

  /** Lets go of the second model at the next update. */
  close(): void {
    this.#isClosing = true;
    this.kind = null;
  }

  /** To be called where no model is at work: what was taken takes its place. */
  update(first: OpenedModel, firstKind: AttributionKind): void {
    if (this.#isClosing) {
      this.#next?.value.model.dispose();
      this.#replace(null);
    } else if (this.#next) this.#replace(this.#next);
    this.#next = null;
    this.#isClosing = false;
    const opened = this.#model?.value ?? first;
    if (opened !== this.#offered) this.#offer(opened, firstKind);
  }

  #replace(model: Named<OpenedModel> | null): void {
    this.#model?.value.model.dispose();
    this.#model = model;
    this.#examination = null;
    byId("close-second", HTMLButtonElement).hidden = model === null;
    byId("second-model", HTMLElement).textContent = model
      ? `${model.name}: ${model.value.options.arch}, ${model.value.options.method}, ` +
        `${model.value.options.classes} classes.`
      : "Or drop a checkpoint here.";
  }

  #offer(opened: OpenedModel, firstKind: AttributionKind): void {
    this.#offered = opened;
    const before = this.kind;
    const nothing = make("option", { value: "" }, "none");
    this.#kind.replaceChildren(nothing, ...kindOptions(opened));
    this.kind = before;
    // A second model is opened to be seen.
    if (this.#model && !this.kind) this.kind = firstKind;
    if (this.#model && !this.kind) this.kind = kindsOf(opened).own[0];
  }

  /** What is to be shown beside the first map; null where nothing is. */
  async of(first: Examination, choice: MapChoice, picture: Picture): Promise<Second | null> {
    const kind = this.kind;
    if (!kind) return null;
    if (!this.#model) return { examination: first, choice: { ...choice, kind } };
    const { name, value } = this.#model;
    if (this.#examination?.picture !== picture) {
      this.#examination = { of: await Examination.of(value, picture), picture };
    }
    const there = sameChoice(first.opened, { ...choice, kind }, value, name);
    return { examination: this.#examination.of, choice: there };
  }

  /** Shows the second figure, or hides it. */
  reveal(isShown: boolean): void {
    for (const id of ["second", "second-map-caption", "save-second-npy"]) {
      byId(id, HTMLElement).hidden = !isShown;
    }
    if (!isShown) byId("second-numbers", HTMLElement).hidden = true;
    byId("map-panel", HTMLElement).closest(".panels")!.classList.toggle("three", isShown);
  }

  /** What the second model says of the picture, below its map. */
  tell({ examination, choice }: Second): void {
    if (!this.#model) return;
    const { opened, order, explanation: { probabilities } } = examination;
    const own = typeof choice === "string"
      ? ""
      : ` p(y | x) = ${probability(probabilities[choice.label])} for ${
        className(opened, choice.label)
      }.`;
    byId("second-map-caption", HTMLElement).append(
      ` ${this.#model.name}:${own} It predicts ${className(opened, order[0])}, ${
        probability(probabilities[order[0]])
      }.`,
    );
  }
}
