/** A cell: a text, a number, one with its interval of confidence, or nothing. */
export type Cell = string | number | null | NumberWithInterval;

/** A number and where it would be with other pictures. */
export interface NumberWithInterval {
  readonly value: number;
  readonly interval: readonly [low: number, high: number];
}

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** Decimals of its numbers; without them they are written with three significant digits. */
  readonly digits?: number;
  /** Which numbers are the better ones, where that can be said; lower means nearer to 0. */
  readonly better?: Better;
  /** Numbers that others published. */
  readonly published?: true;
}

/** A direction in which numbers are better. */
export type Better = "higher" | "lower";

/** Rows of numbers with a text in front. */
export interface Table {
  /** Name of its files. */
  readonly name: string;
  readonly title: string;
  /** What the numbers are, and where the paper's come from. */
  readonly note: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A cell as a person reads it. */
export function format(cell: Cell, column: Column): string {
  const { digits } = column;
  if (cell === null || Number.isNaN(cell)) return "–";
  // In one line: rows are lines in Markdown and in a terminal, which obeys control characters.
  if (typeof cell === "string") return cell.replace(/\p{Cc}+/gu, " ");
  if (typeof cell === "object") {
    const [low, high] = cell.interval.map((end) => format(end, column));
    return `${format(cell.value, column)} [${low}, ${high}]`;
  }
  if (digits !== undefined) return cell.toFixed(digits);
  return cell === 0 ? "0" : cell.toPrecision(3);
}

/** The best number of a column as it is written; null where there is no difference. */
export function bestOf(cells: readonly Cell[], column: Column): string | null {
  const { better } = column;
  const numbers = cells.map(valueOf).filter((value) => value !== null);
  if (!better || new Set(numbers.map((value) => format(value, column))).size < 2) return null;
  const best = better === "higher"
    ? Math.max(...numbers)
    : numbers.reduce((a, b) => Math.abs(b) < Math.abs(a) ? b : a);
  return format(best, column);
}

/** A cell's number; null where it has none. */
export function valueOf(cell: Cell): number | null {
  const value = typeof cell === "object" && cell !== null ? cell.value : cell;
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** GitHub-flavoured Markdown, its columns aligned. */
export function toMarkdown({ title, note, columns, rows }: Table): string {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => row.map((cell, i) => format(cell, columns[i]).replace(/[\\|]/g, "\\$&"))),
  ];
  const widths = columns.map((_, i) => Math.max(3, ...cells.map((row) => row[i].length)));
  const line = (row: readonly string[]) =>
    `| ${
      row.map((text, i) => i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i])).join(" | ")
    } |`;
  const rule = `| ${
    widths.map((width, i) => i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`).join(" | ")
  } |`;
  const [head, ...body] = cells;
  return [`## ${title}`, "", note, "", line(head), rule, ...body.map(line), ""].join("\n");
}

/** The same for a terminal. */
export function toText({ title, columns, rows }: Table): string {
  const cells = [
    [title, ...columns.slice(1).map(({ title }) => title)],
    ...rows.map((row) => row.map((cell, i) => format(cell, columns[i]))),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  return cells.map((row) =>
    row.map((text, i) => i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i])).join("   ")
  ).join("\n");
}

/** The titles of a table's columns; the first has models and their kinds of map, if it has none. */
export function titlesOf({ columns }: Pick<Table, "columns">): string[] {
  return columns.map(({ title }, i) => i === 0 && title === "" ? "model and map" : title);
}

/** Digits of numbers in files of values: what float32 has. */
const DIGITS = 7;

/**
 * Comma-separated values (RFC 4180), numbers to seven significant digits; intervals are columns of
 * their own.
 */
export function toCsv({ columns, rows }: Table): string {
  const quote = (text: string) => /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const plain = (value: string | number | null) =>
    value === null || Number.isNaN(value)
      ? ""
      : quote(String(typeof value === "number" ? Number(value.toPrecision(DIGITS)) : value));
  const withInterval = columns.map((_, i) =>
    rows.some((row) => typeof row[i] === "object" && row[i] !== null)
  );
  const head = titlesOf({ columns }).flatMap((title, i) =>
    withInterval[i] ? [title, `${title} low`, `${title} high`] : [title]
  );
  const body = rows.map((row) =>
    row.flatMap((cell, i) => {
      const [value, ends] = typeof cell === "object" && cell !== null
        ? [cell.value, cell.interval]
        : [cell, [null, null]];
      return (withInterval[i] ? [value, ...ends] : [value]).map(plain);
    })
  );
  return [head.map(quote), ...body].map((row) => `${row.join(",")}\r\n`).join("");
}
