/** Milliseconds between two drawings of the bar, and between two lines where there is no terminal. */
const REDRAW = 100;
const SAY_AGAIN = 15_000;
/** Columns that are taken to be there where a terminal does not say. */
const COLUMNS = 80;

/** Where a command's words go: `--json` and `--quiet`. */
const mode = { json: false, quiet: false };

/** Whether the last line of the terminal is a progress bar. */
let barIsShown = false;

/** Says once, at the start, where the words of this command go. */
export function setOutput(options: { readonly json: boolean; readonly quiet: boolean }): void {
  Object.assign(mode, options);
}

/** What a command was called for: on standard output, where `--json` does not have it to itself. */
export function tellResult(text: string): void {
  write(mode.json ? Deno.stderr : Deno.stdout, `${text}\n`);
}

/** What a person should know on the way, on standard error: silent with `--quiet`. */
export function tell(text: string): void {
  if (!mode.quiet) write(Deno.stderr, `${text}\n`);
}

/** What has to be known whatever was asked for, on standard error. */
export function warn(text: string): void {
  write(Deno.stderr, `${text}\n`);
}

/**
 * A progress bar on the last line of a terminal. Everything goes to standard error; where that is
 * not a terminal a line is written now and then.
 */
export class Progress {
  #terminal = Deno.stderr.isTerminal();
  #last = 0;
  #began = performance.now();

  /** Redraws the bar, at most ten times a second: `share` from 0 to 1, `text` behind it. */
  update(label: string, share: number, text: string): void {
    if (mode.quiet) return;
    const now = performance.now();
    if (!this.#terminal) return this.#sayNowAndThen(now, `${label}: ${percent(share)}  ${text}`);
    if (now - this.#last < REDRAW && share < 1) return;
    this.#last = now;
    write(Deno.stderr, barLine(label, share, text, columns()));
    barIsShown = true;
  }

  #sayNowAndThen(now: number, text: string): void {
    if (now - Math.max(this.#last, this.#began) < SAY_AGAIN) return;
    this.#last = now;
    tell(text.trimEnd());
  }

  /** Takes the bar away. */
  clear(): void {
    write(Deno.stderr, "");
  }
}

/** Writes where a bar may be, which goes. */
function write(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  try {
    if (barIsShown) Deno.stderr.writeSync(new TextEncoder().encode("\r\x1b[2K"));
    barIsShown = false;
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
  } catch {
    // A terminal that was closed, or a pipe that nobody reads any more: no reason to stop.
  }
}

/** A sentence and the options that decide what it says: `… (--crop, --resize)`. */
export function withOptions(sentence: string, settings: readonly string[] = []): string {
  if (settings.length === 0) return sentence;
  return `${sentence} (${settings.map((name) => `--${name}`).join(", ")})`;
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
