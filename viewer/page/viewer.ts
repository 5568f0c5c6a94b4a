/// <reference lib="dom" />
import type { Picture } from "../../data/dataset.ts";
import { runnerUp } from "../../eval/maps/explain.ts";
import { isSigned } from "../../eval/maps/kinds.ts";
import type { OpenedModel } from "../../model/stored/open_model.ts";
import { CellPointer } from "./cell_pointer.ts";
import { Controls } from "./controls.ts";
import { byId } from "./dom.ts";
import { drawMap, makeMap, timeWords } from "./drawn_map.ts";
import { ErasingView } from "./erasing_view.ts";
import { Examination, type MapChoice } from "./examination.ts";
import { latest, Superseded } from "./latest.ts";
import type { Link } from "./link.ts";
import { LookControls } from "./look_controls.ts";
import { MapView } from "./map_view.ts";
import { mapWords } from "./map_words.ts";
import type { Named } from "./named.ts";
import { highest, Readout } from "./readout.ts";
import { SaveButtons, savedOf } from "./save_buttons.ts";
import { SecondMap } from "./second_map.ts";
import { StatusLine } from "./status_line.ts";
import { className, probability } from "./words.ts";
import { Zoom } from "./zoom.ts";

/** The page at work: a model, a picture, and what the user wants to see of them. */
export class Viewer {
  readonly status = new StatusLine();
  #model: Named<OpenedModel> | null = null;
  #nextModel: Named<OpenedModel> | null = null;
  #picture: Named<Picture> | null = null;
  #nextPicture: Named<Picture> | null = null;
  /** What a link asked for; it is heeded when model and picture are there. */
  #wanted: Link | null = null;
  #examination: Examination | null = null;
  #looked = "";
  #main = byId("viewer", HTMLElement);
  #controls = new Controls(() => this.#refresh());
  #look = new LookControls(() => this.#refresh());
  #second = new SecondMap(() => this.#refresh());
  #erasing = new ErasingView(() => this.#examination && this.#refresh());
  #readout = new Readout((label) => {
    this.#controls.choose({ label });
    this.#refresh();
  });
  #map = new MapView("", byId("map", HTMLCanvasElement));
  #save = new SaveButtons();
  #zoom: Zoom;
  #pointer: CellPointer;
  #refresh: () => Promise<void>;

  /**
   * @param fail is handed what goes wrong
   * @param onShown told of every change that is shown
   */
  constructor(fail: (error: unknown) => void, onShown: () => void) {
    const refresh = latest(async () => {
      await this.#update();
      onShown();
    }, fail);
    this.#refresh = () => {
      this.#main.ariaBusy = "true";
      return refresh().finally(() => this.#main.ariaBusy = "false");
    };
    const panels = ["picture-panel", "map-panel", "second-panel"]
      .map((id) => byId(id, HTMLDivElement));
    this.#zoom = new Zoom(panels);
    this.#pointer = new CellPointer(
      panels,
      (cell) => this.#readout.showCell(cell),
      (part) => this.#zoom.reveal(part),
    );
  }

  /** The model that is or will be shown. */
  get model(): Named<OpenedModel> | null {
    return this.#nextModel ?? this.#model;
  }

  /** The picture that is or will be shown. */
  get picture(): Named<Picture> | null {
    return this.#nextPicture ?? this.#picture;
  }

  /** The second model, where there is one. */
  get second(): Named<OpenedModel> | null {
    return this.#second.model;
  }

  /** Takes another model, and gives the one before back to the GPU. */
  async takeModel(model: Named<OpenedModel>): Promise<void> {
    this.#nextModel?.value.model.dispose();
    this.#nextModel = model;
    await this.#refresh();
  }

  /** Takes another picture. */
  async takePicture(picture: Named<Picture>): Promise<void> {
    this.#nextPicture = picture;
    await this.#refresh();
  }

  /** Takes a model whose map is shown beside the first one's. */
  async takeSecond(model: Named<OpenedModel>): Promise<void> {
    this.#second.take(model);
    await this.#refresh();
  }

  /** Shows what a link asks for, of the model and picture that are there. */
  async follow(link: Link): Promise<void> {
    this.#wanted = link;
    await this.#refresh();
  }

  /** What a link has to say to find the map again. Classes are those of the page's own model. */
  get link(): Link {
    const { kind, label, against, superset } = this.#controls.choice;
    const beside = this.#second.model ? null : this.#second.kind;
    const isOwn = this.model?.serial === 0;
    const asked = [kind, beside];
    return {
      picture: this.picture?.serial === 0 ? this.picture.name : undefined,
      kind,
      label: isOwn ? label : undefined,
      against: isOwn && asked.includes("counterfactual") ? against : undefined,
      superset: isOwn && asked.includes("subset") ? superset : undefined,
      beside: beside ?? undefined,
      look: this.#look.look,
    };
  }

  async #update(): Promise<void> {
    this.#takeNext();
    if (!this.#model || !this.#picture) return;
    const examination = this.#examination ??= await this.#examine(this.#model, this.#picture);
    this.#heedLink();
    const choice = this.#choiceFor(examination);
    const look = this.#look.look;
    const asked = this.#asked();
    const heed = () => {
      if (this.#asked() !== asked) throw new Superseded();
    };
    const make = (examination: Examination, choice: MapChoice) =>
      makeMap(examination, choice, { look, status: this.status, heed });
    const second = await this.#second.of(examination, choice, this.#picture.value);
    const made = await make(examination, choice);
    const beside = second && typeof second.choice !== "string"
      ? await make(second.examination, second.choice)
      : null;
    const share = this.#erasing.share;
    const erased = share > 0 ? await examination.erase(made.map, share) : null;

    const top = drawMap(this.#map, made, beside, look);
    this.#look.showing(top, [made, beside].every((map) => !map || isSigned(map.choice.kind)));
    this.#second.reveal(second !== null);
    if (beside) drawMap(this.#second.view, beside, made, look);
    else if (second) this.#second.view.showNone(examination.shown, String(second.choice));
    if (second) this.#second.tell(second);
    this.#erasing.show(examination, erased, {
      ...{ name: this.#picture.name, label: choice.label, share },
    });
    this.#pointer.start = highest(made.map, examination.evidence(0));
    this.#readout.show(examination, {
      ...{ label: choice.label, erased, cell: this.#pointer.cell },
      beside: beside && {
        title: mapWords(beside.examination, beside.choice, beside.map, look).title,
        map: beside.map,
      },
    });
    const names = { picture: this.#picture.name, model: this.#model.name };
    this.#save.offer(
      savedOf(this.#map, made, look, names),
      beside && savedOf(this.#second.view, beside, look, {
        ...names,
        model: this.#second.model?.name ?? names.model,
      }),
    );
    this.status.say(this.#looked + timeWords([made, beside]));
  }

  #takeNext(): void {
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
      // What was erased of one picture says nothing of the next, nor where it was looked at.
      this.#erasing.reset();
      this.#zoom.reset();
      this.#examination = null;
    }
    if (this.#model) this.#second.update(this.#model.value, this.#controls.choice.kind);
  }

  /** What maps depend on: where it changes, the work at them is wanted no more. */
  #asked(): string {
    const { scale, top } = this.#look.look;
    const compared = scale === "shared" && top === null;
    const { kind, model } = this.#second;
    const files = [this.model, this.picture, model].map((file) => file?.serial);
    const isNew = this.#nextModel !== null || this.#nextPicture !== null;
    const link = this.#wanted !== null;
    return JSON.stringify([this.#controls.choice, kind, compared, files, isNew, link]);
  }

  /** One pass through the network, and the classes that are worth looking at first. */
  async #examine(model: Named<OpenedModel>, picture: Named<Picture>): Promise<Examination> {
    const started = performance.now();
    const examination = await this.status.during(
      `${model.name} looks at ${picture.name} …`,
      () => Examination.of(model.value, picture.value),
    );
    const seconds = (performance.now() - started) / 1000;
    const { order, opened, explanation: { probabilities } } = examination;
    this.#controls.choose({ label: order[0], against: order[1], superset: order.slice(0, 2) });
    const { arch, method, classes } = opened.options;
    this.#looked = `${model.name}: ${arch}, ${method}, ${classes} classes. ${picture.name} took ` +
      `${seconds.toFixed(2)} s on ${opened.model.gpu.adapter.description}.`;
    byId("announcement", HTMLElement).textContent = `Prediction: ${
      order.slice(0, 3).map((label) =>
        `${className(opened, label)} ${probability(probabilities[label])}`
      ).join(", ")
    }`;
    const { height, width } = examination.evidence(0);
    this.#pointer.reset(height, width);
    return examination;
  }

  #heedLink(): void {
    if (!this.#wanted) return;
    const { beside, look, ...choice } = this.#wanted;
    this.#wanted = null;
    this.#controls.choose(choice);
    if (!this.#second.model) this.#second.kind = beside ?? null;
    this.#look.look = look;
  }

  /** What is chosen; a class is told from another one, not from itself. */
  #choiceFor({ explanation: { probabilities } }: Examination): MapChoice {
    this.#controls.showParts(this.#second.kind);
    const { label, against } = this.#controls.choice;
    if (label === against) {
      this.#controls.choose({ against: runnerUp(probabilities, label) ?? undefined });
    }
    return this.#controls.choice;
  }
}
