import { join } from "node:path";
import { exists } from "../../../data/files.ts";
import { UserError } from "../../../engine/errors.ts";
import { writeAtomically } from "../../../weights/atomic_write.ts";
import { type Cell, type Table, toCsv, toMarkdown } from "../../present/tables/table.ts";
import type { TestScore } from "./score.ts";
import type { Draw, Search } from "./search.ts";

/** Draws from the best to the worst, then those that failed; of equals the earlier one is first. */
export function ranked(draws: readonly Draw[]): Draw[] {
  const value = ({ score }: Draw) => score?.value ?? -1;
  return draws.toSorted((a, b) => value(b) - value(a) || a.index - b.index);
}

/** What a search came to. */
export interface SearchOutcome {
  readonly draws: readonly Draw[];
  /** Of the first of the ranked draws; null where all failed. */
  readonly test: TestScore | null;
  /** The command line that trains the chosen one again; null where all failed. */
  readonly command: string | null;
}

/** The draws as a table, the best first. */
export function tableOf(
  { space: { method }, fixed }: Pick<Search, "space" | "fixed">,
  { draws, test, command }: SearchOutcome,
): Table {
  const options = [...new Set(draws.flatMap(({ settings }) => Object.keys(settings)))];
  const measure = draws.find(({ score }) => score)?.score?.measure ?? "score";
  const failed = draws.filter(({ score }) => !score).length;
  const cell = (value: string | number | boolean): Cell => {
    if (typeof value === "boolean") return value ? "yes" : "no";
    return Number.isInteger(value) ? String(value) : value;
  };
  return {
    name: "draws",
    title: `${method} on ${fixed.dataset}, ${fixed.arch}`,
    note: [
      failed === draws.length
        ? "There is no draw to choose: smaller learning rates may leave some."
        : `${measure} of the model's own maps, scaled up cubically, on pictures that are not ` +
          "trained on; the first row is the chosen one.",
      ...(failed > 0
        ? [`Training of ${failed} of ${draws.length} draws left the numbers (–).`]
        : []),
      ...(test
        ? [
          `On the test pictures it has ${test.score.measure} ${
            test.score.value.toFixed(1)
          } % and ` +
          `an accuracy of ${(100 * test.accuracy).toFixed(1)} %.`,
        ]
        : []),
      ...(command === null ? [] : [`It is trained again by\n\n    ${command}`]),
    ].join("\n"),
    columns: [
      { title: "draw" },
      { title: measure, digits: 1, better: "higher" },
      ...options.map((title) => ({ title })),
    ],
    rows: ranked(draws).map(({ index, score, settings }) => [
      String(index),
      score?.value ?? null,
      ...options.map((name) => name in settings ? cell(settings[name]) : null),
    ]),
  };
}

/** @throws {UserError} when files of these names are not of a search */
export async function expectOwnTables(out: string): Promise<void> {
  if (await exists(join(out, "search.json"))) return;
  for (const name of ["draws.md", "draws.csv"]) {
    if (!await exists(join(out, name))) continue;
    throw new UserError(
      `${join(out, name)} would be replaced, and no search.json beside it says that a search ` +
        "wrote it: choose another --out",
    );
  }
}

/** Writes `draws.md` and `draws.csv`; returns the former's path. */
export async function saveTable(out: string, table: Table): Promise<string> {
  const write = (name: string, text: string) =>
    writeAtomically(join(out, name), new TextEncoder().encode(text));
  await write("draws.csv", toCsv(table));
  await write("draws.md", toMarkdown(table));
  return join(out, "draws.md");
}
