import { bestOf, type Cell, type Column, format, type Table, titlesOf, valueOf } from "./table.ts";

const SPECIAL: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  "&": "\\&",
  "%": "\\%",
  "$": "\\$",
  "#": "\\#",
  "_": "\\_",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "†": "\\textdagger{}",
  "−": "$-$",
  "·": "$\\cdot$",
  "±": "$\\pm$",
  "Σ": "$\\Sigma$",
  "σ": "$\\sigma$",
  "≤": "$\\leq$",
  "×": "$\\times$",
  "ŷ": "$\\hat{y}$",
};

/** A text as LaTeX prints it: `CALM_EM` with its subscript. */
export function latexText(text: string): string {
  return text.split(/(?<=CALM)_(EM|ML)/).map((part, i) =>
    i % 2 === 1
      ? `\\textsubscript{${part}}`
      : part.replace(/[\\{}&%$#_~^†−·±Σσ≤×ŷ]/gu, (letter) => SPECIAL[letter])
  ).join("");
}

/** A table for papers (packages booktabs and, for wide ones, graphicx); the best number is bold. */
export function toLatex({ name, title, note, columns, rows }: Table): string {
  const best = columns.map((column, i) => bestOf(rows.map((row) => row[i]), column));
  const cellText = (cell: Cell, column: Column, best: string | null): string => {
    const text = latexText(format(cell, column).replace(/^-/, "−"));
    const value = valueOf(cell);
    return best !== null && value !== null && format(value, column) === best
      ? `\\textbf{${text}}`
      : text;
  };
  const line = (cells: readonly string[]) => `  ${cells.join(" & ")} \\\\`;
  return [
    "\\begin{table}",
    "  \\centering",
    `  \\caption{${latexText(`${title}. ${note}`)}}`,
    `  \\label{tab:${name.replaceAll("_", "-")}}`,
    `  \\begin{tabular}{l${"r".repeat(columns.length - 1)}}`,
    "  \\toprule",
    line(titlesOf({ columns }).map(latexText)),
    "  \\midrule",
    ...rows.map((row) => line(row.map((cell, i) => cellText(cell, columns[i], best[i])))),
    "  \\bottomrule",
    "  \\end{tabular}",
    "\\end{table}",
    "",
  ].join("\n");
}
