import {
  bestOf,
  type Cell,
  type Column,
  format,
  type NumberWithInterval,
  type Table,
  titlesOf,
  valueOf,
} from "../tables/table.ts";
import { type Content, Markup, markup, withSubscripts } from "./markup.ts";

/**
 * A table in a box of its own to scroll in. The best number of a column is bold and underlined, if
 * the column says which way is better and there is something to compare.
 */
export function tableMarkup({ title, columns, rows }: Table): Markup {
  const best = columns.map((column, i) => bestOf(rows.map((row) => row[i]), column));
  const titles = titlesOf({ columns });
  const head = columns.map((column, i) =>
    markup`<th scope="col"${paperClass(column)}>${titles[i]}${arrow(column)}</th>`
  );
  const body = rows.map(([first, ...cells]) =>
    markup`<tr><th scope="row">${withSubscripts(String(first))}</th>${
      cells.map((cell, i) => numberCell(cell, columns[i + 1], best[i + 1]))
    }</tr>\n`
  );
  // A box that scrolls must be reachable by keyboard.
  return markup`<div class="scroll" role="region" aria-label="${title}" tabindex="0"><table>
<caption>${title}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body}</tbody>
</table></div>`;
}

/** What the marks in the tables mean. */
export const LEGEND_OF_TABLES: Markup = markup`<p class="quiet">
↑ higher is better, ↓ lower is better; the <strong><u>best number</u></strong> of a column is bold and underlined. – stands for what was not measured.
</p>`;

/** What reads the same as the best is as good: the digits that differ are not shown. */
function numberCell(cell: Cell, column: Column, best: string | null): Markup {
  const value = valueOf(cell);
  const text = value === null && typeof cell !== "string" ? "–" : format(value ?? cell, column);
  const interval = typeof cell === "object" && cell !== null && value !== null
    ? markup` <small>${intervalOf(cell, column)}</small>`
    : null;
  const shown = value !== null && text === best
    ? markup`<strong>${minus(text)}</strong>`
    : minus(text);
  return markup`<td${paperClass(column)}>${shown}${interval}</td>`;
}

function intervalOf({ interval }: NumberWithInterval, column: Column): string {
  return `[${interval.map((end) => minus(format(end, column))).join(", ")}]`;
}

function minus(text: string): string {
  return text.replace(/^-/, "−");
}

function arrow({ better }: Column): Content {
  if (!better) return null;
  return [" ", markup`<abbr title="${better} is better">${better === "higher" ? "↑" : "↓"}</abbr>`];
}

/** Separates published numbers from ours. */
function paperClass({ published }: Column): Markup {
  return new Markup(published ? ' class="paper"' : "");
}
