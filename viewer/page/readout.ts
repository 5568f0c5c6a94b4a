/// <reference lib="dom" />
import type { AttributionMap } from "../../eval/maps/explain.ts";
import type { Cell } from "./cell_pointer.ts";
import { byId } from "./dom.ts";
import type { Erased, Examination } from "./examination.ts";
import { type Column, PredictionTable } from "./prediction_table.ts";
import { className, number, probability } from "./words.ts";
import { isCalm } from "../../model/methods.ts";

/** Classes in the table; a chosen one that is less likely comes as one more. */
const ROWS = 6;

/** The second map at a place. */
export interface Beside {
  /** What it is, e.g. "Conditional: Northern Mossthrush". */
  readonly title: string;
  readonly map: AttributionMap;
}

/** What is read off beside the maps: the table of predictions, and the cell that is pointed at. */
export class Readout {
  #table: PredictionTable;
  #examination: Examination | null = null;
  #erased: Erased | null = null;
  #beside: Beside | null = null;

  /** @param onChoose told which class was chosen in the table */
  constructor(onChoose: (label: number) => void) {
    this.#table = new PredictionTable(onChoose);
  }

  /** Shows what is read at a cell. */
  show(
    examination: Examination,
    { label, erased, beside, cell }: {
      readonly label: number;
      readonly erased: Erased | null;
      readonly beside: Beside | null;
      readonly cell: Cell | null;
    },
  ): void {
    this.#examination = examination;
    this.#erased = erased;
    this.#beside = beside;
    const { opened, order, explanation } = examination;
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
    this.showCell(cell);
  }

  /** What the cell that is pointed at says for each class of the table, and in the second map. */
  showCell(cell: Cell | null): void {
    const examination = this.#examination;
    if (!examination) return;
    const { order, opened } = examination;
    const isOfCalm = isCalm(opened.model.method);
    const cells = examination.evidence(0);
    const at = cell ? cell.row * cells.width + cell.column : null;
    const value = (label: number) => at === null ? null : examination.evidence(label).values[at];
    const columns: Column[] = [{
      title: isOfCalm ? "p(y, z | x)" : "f(y, z)",
      value,
      text: number,
    }];
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
    }${besideWords(this.#beside, cell, cells)}`;
  }
}

/** The value of the second map there: the greatest, where it is finer than the cells of the first. */
function besideWords(beside: Beside | null, cell: Cell, cells: AttributionMap): string {
  if (!beside) return "";
  const { title, map } = beside;
  return `. Second map, ${title}: ${number(greatestIn(map, cell, cells))}`;
}

/**
 * The greatest value of a map in a cell of another map of the same picture: of values whose middle
 * lies in it, or of the one in which its own middle lies.
 */
export function greatestIn(
  { width, height, values }: AttributionMap,
  { row, column }: Cell,
  cells: Pick<AttributionMap, "width" | "height">,
): number {
  const rows = within(height, row, cells.height);
  const columns = within(width, column, cells.width);
  return Math.max(...rows.flatMap((y) => columns.map((x) => values[y * width + x])));
}

/** Indices among `count` whose middle lies in the cell `at` of `cells`, or the one that its middle is in. */
function within(count: number, at: number, cells: number): number[] {
  const inside = Array.from({ length: count }, (_, i) => i)
    .filter((i) => Math.floor((i + 0.5) * cells / count) === at);
  return inside.length > 0 ? inside : [Math.floor((at + 0.5) * count / cells)];
}

/** The cell that holds the highest value of a map, which may be finer than the cells. */
export function highest(
  { width, height, values }: AttributionMap,
  cells: Pick<AttributionMap, "width" | "height">,
): Cell {
  const at = values.indexOf(values.reduce((a, b) => Math.max(a, b)));
  return {
    row: Math.floor(Math.floor(at / width) * cells.height / height),
    column: Math.floor(at % width * cells.width / width),
  };
}
