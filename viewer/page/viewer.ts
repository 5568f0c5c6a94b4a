/// <reference lib="dom" />
import type { Picture } from "../../data/dataset.ts";
import { type AttributionMap, likeliest, runnerUp } from "../../eval/attribution/explain.ts";
import type { OpenedModel } from "../../model/open_model.ts";
import { type Cell, CellPointer } from "./cell_pointer.ts";
import { Controls } from "./controls.ts";
import { byId } from "./dom.ts";
import { type Erased, Examination, type MapChoice } from "./examination.ts";
import { latest } from "./latest.ts";
import { MapView } from "./map_view.ts";
import { draw } from "./picture_input.ts";
import { type Column, PredictionTable } from "./prediction_table.ts";
import { SaveButtons } from "./save_buttons.ts";
import { className, kindWords, number, probability } from "./words.ts";

/** Classes in the table; a chosen one that is less likely comes as one more. */
const ROWS = 6;

/** A model or a picture with the name of the file it came from. */
export interface Named<T> {
  readonly name: string;
  readonly value: T;
}

/** The page at work: a model, a picture, and what the user wants to see of them. */
export class Viewer {
  #model: Named<OpenedModel> | null = null;
  #nextModel: Named<OpenedModel> | null = null;
  #picture: Named<Picture> | null = null;
  #nextPicture: Named<Picture> | null = null;
  #examination: Examination | null = null;
  #erased: Erased | null = null;
  #main = byId("viewer", HTMLElement);
  #share = byId("erased", HTMLInputElement);
  #controls = new Controls(() => this.#refresh());
  #table = new PredictionTable((label) => {
    this.#controls.choose({ label });
    this.#refresh();
  });
  #map = new MapView();
  #save = new SaveButtons(this.#map);
  #pointer = new CellPointer(
    [byId("picture-panel", HTMLDivElement), byId("map-panel", HTMLDivElement)],
    (cell) => this.#showCell(cell),
  );
  #refresh: () => Promise<void>;

  /** @param fail is handed what goes wrong */
  constructor(fail: (error: unknown) => void) {
    const refresh = latest(() => this.#update(), fail);
    this.#refresh = () => {
      this.#main.ariaBusy = "true";
      return refresh().finally(() => this.#main.ariaBusy = "false");
    };
    this.#share.addEventListener("input", () => {
      this.#tellShare();
      if (this.#examination) this.#refresh();
    });
  }

  /** Takes another model, and gives the one before back to the GPU. */
  async takeModel(model: Named<OpenedModel>): Promise<void> {
    this.#nextModel?.value.model.dispose();
    this.#nextModel = model;
    await this.#refresh();
  }

  #tellShare(): void {
    byId("erased-share", HTMLOutputElement).value = `${this.#share.value} %`;
  }

  /** Takes another picture. */
  async takePicture(picture: Named<Picture>): Promise<void> {
    this.#nextPicture = picture;
    await this.#refresh();
  }

  async #update(): Promise<void> {
    if (this.#nextModel) {
      this.#model?.value.model.dispose();
      this.#model = this.#nextModel;
      this.#nextModel = null;
      this.#examination = null;
      this.#controls.offer(this.#model.value);
    }
    if (this.#nextPicture) {
      this.#picture = this.#nextPicture;
      this.#nextPicture = null;
      // What was erased of one picture says nothing of the next.
      this.#share.value = "0";
      this.#tellShare();
      this.#examination = null;
    }
    if (!this.#model || !this.#picture) return;
    this.#examination ??= await this.#examine(this.#model, this.#picture);
    const examination = this.#examination;
    const choice = this.#choiceFor(examination);
    const map = await examination.map(choice);
    this.#showMap(examination, choice, map);
    const share = Number(this.#share.value) / 100;
    this.#erased = share > 0 ? await examination.erase(map, share) : null;
    this.#showErased(examination, choice.label, share);
    this.#showRows(examination, choice.label);
  }

  /** One pass through the network, and the classes that are worth looking at first. */
  async #examine(model: Named<OpenedModel>, picture: Named<Picture>): Promise<Examination> {
    const status = byId("status", HTMLElement);
    status.textContent = `${model.name} looks at ${picture.name} …`;
    const started = performance.now();
    const examination = await Examination.of(model.value, picture.value);
    const seconds = (performance.now() - started) / 1000;
    const { order, opened, explanation: { probabilities } } = examination;
    this.#controls.choose({ label: order[0], against: order[1], superset: order.slice(0, 2) });
    const { arch, method, classes } = opened.options;
    status.textContent =
      `${model.name}: ${arch}, ${method}, ${classes} classes. ${picture.name} took ` +
      `${seconds.toFixed(2)} s on ${opened.model.parameters()[0].tensor.gpu.adapter.description}.`;
    byId("announcement", HTMLElement).textContent = `Prediction: ${
      order.slice(0, 3).map((label) =>
        `${className(opened, label)} ${probability(probabilities[label])}`
      ).join(", ")
    }`;
    const { height, width } = examination.evidence(0);
    this.#pointer.reset(height, width);
    return examination;
  }

  /** What is chosen; a class is told from another one, not from itself. */
  #choiceFor({ explanation: { probabilities } }: Examination): MapChoice {
    const { label, against } = this.#controls.choice;
    if (label === against) {
      this.#controls.choose({ against: runnerUp(probabilities, label) ?? undefined });
    }
    return this.#controls.choice;
  }

  #showMap(examination: Examination, choice: MapChoice, map: AttributionMap): void {
    const { opened, shown } = examination;
    const { kind, label, against, superset } = choice;
    const words = kindWords(opened, kind);
    const name = (y: number) => className(opened, y);
    const subject = kind === "counterfactual"
      ? `${name(label)} (red) instead of ${name(against)} (blue)`
      : kind === "subset"
      ? superset.map(name).join(" + ") || "no class"
      : kind === "saliency"
      ? "any class"
      : name(label);
    const total = map.values.reduce((a, b) => a + b, 0);
    const isCalm = opened.model.method !== "cam";
    const sum = isCalm && kind === "joint"
      ? `The cells add up to p(y | x) = ${probability(total)}.`
      : isCalm && kind === "subset"
      ? `The cells add up to ${probability(total)}.`
      : isCalm && kind === "counterfactual"
      ? `The cells add up to ${number(total)}, the difference of the two probabilities.`
      : undefined;
    const title = `${words.name}: ${subject}`;
    const isOfCells = map.width === examination.evidence(label).width;
    this.#map.show(shown, map, kind, {
      ...{ title, values: words.values, sum },
      unit: isOfCells ? "cells" : "pixels",
    });
    this.#pointer.start = highest(map, examination.evidence(0));
    this.#save.offer(
      { map, caption: [title, this.#saying(examination, label)] },
      `${this.#picture!.name.replace(/\.[^.]*$/, "")}-${kind}-${label}`,
    );
  }

  /** What the model says of the picture, for the file of the map. */
  #saying({ opened, explanation: { probabilities } }: Examination, label: number): string {
    const file = `${this.#picture!.name}, ${this.#model!.name}`;
    return `p(y | x) = ${probability(probabilities[label])} for ${
      className(opened, label)
    }; ${file}`;
  }

  #showErased({ opened, shown, explanation }: Examination, label: number, share: number): void {
    const picture = byId("picture", HTMLCanvasElement);
    draw(picture, this.#erased?.picture ?? shown);
    const name = this.#picture!.name;
    const percent = `${Math.round(100 * share)} %`;
    const caption = this.#erased ? `${name}, ${percent} of the pixels blurred` : name;
    byId("picture-caption", HTMLElement).textContent = caption;
    picture.setAttribute("aria-label", `The picture ${caption}`);
    const effect = byId("erased-effect", HTMLElement);
    if (!this.#erased) {
      effect.textContent = "Move the slider: pixels are blurred, those with the highest values " +
        "first, and the network looks again.";
      return;
    }
    const { probabilities } = this.#erased;
    const now = likeliest(probabilities);
    effect.textContent = `${className(opened, label)}: ${
      probability(explanation.probabilities[label])
    } → ${probability(probabilities[label])}. Now predicted: ${className(opened, now)}, ${
      probability(probabilities[now])
    }.`;
  }

  #showRows({ opened, order, explanation }: Examination, label: number): void {
    const shown = order.slice(0, ROWS);
    if (!shown.includes(label)) shown.push(label);
    this.#table.show(
      shown.map((label) => ({
        label,
        name: className(opened, label),
        probability: explanation.probabilities[label],
      })),
      probability,
    );
    this.#table.choose(label);
    this.#showCell(this.#pointer.cell);
  }

  /** What the cell that is pointed at says for each class of the table. */
  #showCell(cell: Cell | null): void {
    const examination = this.#examination;
    if (!examination) return;
    const { order, opened } = examination;
    const isCam = opened.model.method === "cam";
    const at = cell ? cell.row * examination.evidence(0).width + cell.column : null;
    const value = (label: number) => at === null ? null : examination.evidence(label).values[at];
    const columns: Column[] = [{ title: isCam ? "f(y, z)" : "p(y, z | x)", value, text: number }];
    const erased = this.#erased?.probabilities;
    if (erased) {
      columns.unshift({ title: "erased", value: (label) => erased[label], text: probability });
    }
    this.#table.columns(columns);
    const readout = byId("cell-readout", HTMLElement);
    if (!cell) {
      readout.textContent = "Point at a cell, or go there with the arrow keys, to read it.";
      return;
    }
    const best = order.slice(0, ROWS).sort((a, b) => value(b)! - value(a)!).slice(0, 3);
    readout.textContent = `Row ${cell.row + 1}, column ${cell.column + 1}: ${
      best.map((label) => `${className(opened, label)} ${number(value(label)!)}`).join(", ")
    }`;
  }
}

/** The cell that holds the highest value of a map, which may be finer than the cells. */
function highest({ width, height, values }: AttributionMap, cells: AttributionMap): Cell {
  const at = values.indexOf(values.reduce((a, b) => Math.max(a, b)));
  return {
    row: Math.floor(Math.floor(at / width) * cells.height / height),
    column: Math.floor(at % width * cells.width / width),
  };
}
