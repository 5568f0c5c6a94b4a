/// <reference lib="dom" />
import type { Part } from "./zoom.ts";

/** A cell of the feature map, counted from 0. */
export interface Cell {
  readonly row: number;
  readonly column: number;
}

const STEPS: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Follows mouse, finger and arrow keys over panels that show the same cells, and outlines the cell. */
export class CellPointer {
  /** Where the arrow keys begin. */
  start: Cell = { row: 0, column: 0 };
  #panels: readonly HTMLElement[];
  #onCell: (cell: Cell | null) => void;
  #reveal: (part: Part) => void;
  #rows = 1;
  #columns = 1;
  #cell: Cell | null = null;

  /**
   * @param panels each with a `.stage` in it, which may be larger than the panel
   * @param onCell told of every change; null when no cell is pointed at
   * @param reveal told the place of the cell to which the arrow keys went
   */
  constructor(
    panels: readonly HTMLElement[],
    onCell: (cell: Cell | null) => void,
    reveal: (part: Part) => void,
  ) {
    this.#panels = panels;
    this.#onCell = onCell;
    this.#reveal = reveal;
    for (const panel of panels) {
      const point = (event: PointerEvent) => this.#to(this.#under(panel, event));
      panel.addEventListener("pointermove", point);
      panel.addEventListener("pointerdown", point);
      panel.addEventListener("pointerleave", ({ pointerType }) => {
        // A finger that was lifted has not gone elsewhere: what it pointed at stays readable.
        if (pointerType === "mouse") this.#to(null);
      });
      panel.addEventListener("keydown", (event) => this.#press(event));
    }
  }

  /** The cell that is pointed at. */
  get cell(): Cell | null {
    return this.#cell;
  }

  /** Sets how many cells there are, and points at none. */
  reset(rows: number, columns: number): void {
    this.#rows = rows;
    this.#columns = columns;
    this.#to(null);
  }

  #under(panel: HTMLElement, { clientX, clientY }: PointerEvent): Cell {
    const { left, top, width, height } = panel.querySelector(".stage")!.getBoundingClientRect();
    return this.#inside({
      row: Math.floor((clientY - top) / height * this.#rows),
      column: Math.floor((clientX - left) / width * this.#columns),
    });
  }

  #press(event: KeyboardEvent): void {
    if (event.key === "Escape") return this.#to(null);
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const { row, column } = this.#cell ?? this.start;
    const [rows, columns] = this.#cell ? step : [0, 0];
    const cell = this.#inside({ row: row + rows, column: column + columns });
    this.#to(cell);
    this.#reveal(this.#place(cell));
  }

  /** Where a cell is. */
  #place({ row, column }: Cell): Part {
    const [width, height] = [1 / this.#columns, 1 / this.#rows];
    return { left: column * width, top: row * height, width, height };
  }

  #inside({ row, column }: Cell): Cell {
    return {
      row: Math.max(0, Math.min(this.#rows - 1, row)),
      column: Math.max(0, Math.min(this.#columns - 1, column)),
    };
  }

  #to(cell: Cell | null): void {
    if (cell?.row === this.#cell?.row && cell?.column === this.#cell?.column) return;
    this.#cell = cell;
    for (const panel of this.#panels) {
      const outline = panel.querySelector<HTMLElement>(".cell")!;
      outline.hidden = cell === null;
      if (!cell) continue;
      const place = this.#place(cell);
      for (const side of ["left", "top", "width", "height"] as const) {
        outline.style[side] = `${100 * place[side]}%`;
      }
    }
    this.#onCell(cell);
  }
}
