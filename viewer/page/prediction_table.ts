/// <reference lib="dom" />
import { byId, make } from "./dom.ts";

/** One class in the table. */
export interface PredictionRow {
  readonly label: number;
  readonly name: string;
  readonly probability: number;
}

/** A further column: its heading, and the number of each class, where there is one. */
export interface Column {
  readonly title: string;
  value(label: number): number | null;
  text(value: number): string;
}

/** The likeliest classes with bars; the radio button of a row chooses the map's class. */
export class PredictionTable {
  #head = byId("predictions", HTMLTableElement).tHead!;
  #body = byId("predictions", HTMLTableElement).tBodies[0];
  #onChoose: (label: number) => void;
  #rows: readonly PredictionRow[] = [];

  /** @param onChoose told which class was chosen */
  constructor(onChoose: (label: number) => void) {
    this.#onChoose = onChoose;
  }

  /** Shows classes. Rows are made anew only where they differ, so that the focus stays. */
  show(rows: readonly PredictionRow[], text: (p: number) => string): void {
    const isSame = rows.length === this.#rows.length &&
      rows.every(({ name, probability }, i) =>
        name === this.#rows[i].name && probability === this.#rows[i].probability
      );
    this.#rows = rows;
    if (isSame) return;
    this.#body.replaceChildren(...rows.map(({ label, name, probability }) => {
      const radio = make("input", { type: "radio", name: "predicted-class", value: String(label) });
      radio.addEventListener("change", () => this.#onChoose(label));
      const bar = make("span", { className: "bar" });
      bar.style.width = `${100 * probability}%`;
      const row = make(
        "tr",
        {},
        make(
          "th",
          { scope: "row" },
          make("label", {}, radio, make("span", { title: name }, name)),
          bar,
        ),
        make("td", {}, make("data", { value: String(probability) }, text(probability))),
      );
      row.dataset.label = String(label);
      return row;
    }));
  }

  /** Marks the class whose map is shown. */
  choose(label: number): void {
    for (const row of this.#body.rows) {
      const isChosen = row.dataset.label === String(label);
      row.classList.toggle("chosen", isChosen);
      row.querySelector("input")!.checked = isChosen;
    }
  }

  /** Shows columns beside the probabilities. */
  columns(columns: readonly Column[]): void {
    const titles = ["Class", "p(y | x)", ...columns.map(({ title }) => title)];
    this.#head.replaceChildren(
      make("tr", {}, ...titles.map((title) => make("th", { scope: "col" }, title))),
    );
    for (const [i, row] of [...this.#body.rows].entries()) {
      while (row.cells.length > 2) row.deleteCell(-1);
      for (const { value, text } of columns) {
        const number = value(this.#rows[i].label);
        row.append(make(
          "td",
          {},
          number === null ? "–" : make("data", { value: String(number) }, text(number)),
        ));
      }
    }
  }
}
