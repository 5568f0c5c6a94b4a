/**
 * A progress bar on the last line of a terminal. Everything goes to standard error; where that is
 * not a terminal only the finished lines are written.
 */
export class Progress {
  #terminal = Deno.stderr.isTerminal();
  #shown = false;
  #last = 0;

  /** Redraws the bar, at most ten times a second: `share` from 0 to 1, `text` behind it. */
  update(label: string, share: number, text: string): void {
    const now = performance.now();
    if (!this.#terminal || (now - this.#last < 100 && share < 1)) return;
    this.#last = now;
    const width = 24;
    const filled = Math.round(width * share);
    const bar = "█".repeat(filled) + "·".repeat(width - filled);
    const columns = Deno.consoleSize().columns;
    const line = `${label} ${bar} ${text}`.slice(0, columns - 1);
    this.#write(`\r\x1b[2K${line}`);
    this.#shown = true;
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
