/// <reference lib="dom" />
import { byId } from "./dom.ts";

const MOST = 8;
const STEP = Math.SQRT2;
/** A finger or mouse that moved less has pointed, not dragged. */
const DRAG = 4;

/** A part of a picture, in shares of its sides. */
export interface Part {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The scale and place at which a picture fills its panel.
 *
 * @param factor from 1, all of it
 * @param left of what is seen, in shares of the picture's width
 * @param top likewise
 */
export interface Sight {
  readonly factor: number;
  readonly left: number;
  readonly top: number;
}

/** A sight inside the picture: at most 8 times as large, and without a margin. */
export function bounded({ factor, left, top }: Sight): Sight {
  const within = Math.max(1, Math.min(MOST, factor));
  const most = 1 - 1 / within;
  return {
    factor: within,
    left: Math.max(0, Math.min(most, left)),
    top: Math.max(0, Math.min(most, top)),
  };
}

/** The same sight at another factor; a point, in shares of the panel, stays where it is. */
export function zoomed({ factor, left, top }: Sight, to: number, [x, y]: readonly number[]): Sight {
  const next = Math.max(1, Math.min(MOST, to));
  const moved = 1 / factor - 1 / next;
  return bounded({ factor: next, left: left + x * moved, top: top + y * moved });
}

/** The nearest sight in which a part of the picture is seen. */
export function revealing({ factor, left, top }: Sight, part: Part): Sight {
  const near = (from: number, at: number, size: number) =>
    Math.max(at + size - 1 / factor, Math.min(at, from));
  return bounded({
    factor,
    left: near(left, part.left, part.width),
    top: near(top, part.top, part.height),
  });
}

/** Shows the same part of all panels, larger: by buttons, keys, Ctrl and wheel, and dragging. */
export class Zoom {
  #panels: readonly HTMLElement[];
  #sight: Sight = { factor: 1, left: 0, top: 0 };

  /** @param panels each with a `.stage` in it, which is what grows */
  constructor(panels: readonly HTMLElement[]) {
    this.#panels = panels;
    const listen = (id: string, act: () => void) =>
      byId(id, HTMLButtonElement).addEventListener("click", act);
    listen("zoom-in", () => this.#by(STEP));
    listen("zoom-out", () => this.#by(1 / STEP));
    listen("zoom-all", () => this.reset());
    for (const panel of panels) this.#follow(panel);
  }

  /** Shows all. */
  reset(): void {
    this.#to({ factor: 1, left: 0, top: 0 });
  }

  /** Moves what is seen until a part of the picture is in it. */
  reveal(part: Part): void {
    this.#to(revealing(this.#sight, part));
  }

  #follow(panel: HTMLElement): void {
    const at = ({ clientX, clientY }: MouseEvent) => {
      const { left, top, width, height } = panel.getBoundingClientRect();
      return [(clientX - left) / width, (clientY - top) / height];
    };
    panel.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.#by(Math.exp(-Math.max(-50, Math.min(50, event.deltaY)) / 100), at(event));
    }, { passive: false });
    panel.addEventListener("dblclick", (event) => this.#by(2, at(event)));
    panel.addEventListener("keydown", ({ key, ctrlKey, metaKey, altKey }) => {
      if (ctrlKey || metaKey || altKey) return;
      if (key === "+" || key === "=") this.#by(STEP);
      else if (key === "-") this.#by(1 / STEP);
      else if (key === "0") this.reset();
    });
    this.#drag(panel, at);
  }

  #drag(panel: HTMLElement, at: (event: MouseEvent) => number[]): void {
    let grip: { readonly x: number; readonly y: number; readonly sight: Sight } | null = null;
    let isDragged = false;
    panel.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary || this.#sight.factor === 1) return;
      const [x, y] = at(event);
      grip = { x, y, sight: this.#sight };
      isDragged = false;
      // A fast drag leaves the panel before it is heard of.
      panel.setPointerCapture(event.pointerId);
    });
    panel.addEventListener("pointermove", (event) => {
      if (!grip || !event.isPrimary) return;
      const [x, y] = at(event);
      const { width, height } = panel.getBoundingClientRect();
      isDragged ||= Math.hypot((x - grip.x) * width, (y - grip.y) * height) >= DRAG;
      if (!isDragged) return;
      const { factor, left, top } = grip.sight;
      this.#to({ factor, left: left - (x - grip.x) / factor, top: top - (y - grip.y) / factor });
    });
    for (const end of ["pointerup", "pointercancel"] as const) {
      panel.addEventListener(end, () => grip = null);
    }
  }

  #by(factor: number, point: readonly number[] = [0.5, 0.5]): void {
    this.#to(zoomed(this.#sight, this.#sight.factor * factor, point));
  }

  #to(sight: Sight): void {
    this.#sight = bounded(sight);
    const { factor, left, top } = this.#sight;
    for (const panel of this.#panels) {
      const stage = panel.querySelector<HTMLElement>(".stage")!;
      const move = `translate(${-100 * factor * left}%, ${-100 * factor * top}%)`;
      stage.style.transform = factor === 1 ? "" : `${move} scale(${factor})`;
      stage.style.setProperty("--line", `${1.5 / factor}px`);
      panel.classList.toggle("zoomed", factor > 1);
    }
    byId("zoom-factor", HTMLOutputElement).value = `${Number(factor.toFixed(1))}×`;
  }
}
