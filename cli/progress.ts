/** Milliseconds between two drawings of the bar, and between two lines where there is no terminal. */
const REDRAW = 100;
const SAY_AGAIN = 15_000;
/** Columns that are taken to be there where a terminal does not say. */
const COLUMNS = 80;

/**
 * A progress bar on the last line of a terminal. Everything goes to standard error; where that is
 * not a terminal a line is written now and then.
 */
export class Progress {
  #terminal = Deno.stderr.isTerminal();
  #shown = false;
  #last = 0;
  #began = performance.now();

  /** Redraws the bar, at most ten times a second: `share` from 0 to 1, `text` behind it. */
  update(label: string, share: number, text: string): void {
    const now = performance.now();
    if (!this.#terminal) return this.#sayNowAndThen(now, `${label}: ${percent(share)}  ${text}`);
    if (now - this.#last < REDRAW && share < 1) return;
    this.#last = now;
    this.#write(`\r\x1b[2K${barLine(label, share, text, columns())}`);
    this.#shown = true;
  }

  #sayNowAndThen(now: number, text: string): void {
    if (now - Math.max(this.#last, this.#began) < SAY_AGAIN) return;
    this.#last = now;
    this.line(text.trimEnd());
  }

  /** Replaces the bar by a line that stays. */
  line(text: string): void {
    this.#write(`${this.#shown ? "\r\x1b[2K" : ""}${text}\n`);
    this.#shown = false;
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#shown) this.#write("\r\x1b[2K");
    this.#shown = false;
  }

  #write(text: string): void {
    try {
      Deno.stderr.writeSync(new TextEncoder().encode(text));
    } catch {
      // A terminal that was closed, or a pipe that nobody reads any more: no reason to stop.
    }
  }
}

/** A share as a percentage with one decimal. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function columns(): number {
  try {
    return Deno.consoleSize().columns || COLUMNS;
  } catch {
    return COLUMNS;
  }
}

/** A bar between what is done and how far it is, as wide as there is room for and no wider. */
export function barLine(label: string, share: number, text: string, columns: number): string {
  const room = columns - 1 - label.length - text.length - 2;
  const width = Math.max(0, Math.min(24, room));
  const filled = Math.round(width * Math.max(0, Math.min(1, share)));
  const bar = "█".repeat(filled) + "·".repeat(width - filled);
  return `${label} ${bar} ${text}`.slice(0, columns - 1);
}
