import { join } from "node:path";
import { writeAtomically } from "../../weights/atomic_write.ts";
import { expectOwnReport } from "../report/own_report.ts";
import { evaluationReport } from "../report/evaluation_report.ts";
import { toLatex } from "./latex.ts";
import { toCsv, toMarkdown, toText } from "./table.ts";
import { inOrder, type MeasuredModel } from "./rows.ts";
import { buildTables } from "./tables.ts";

const REPORT = "report.html";

/** What was written. */
export interface SavedTables {
  readonly files: readonly string[];
  /** The one of them to begin with. */
  readonly report: string;
  /** The tables for a terminal. */
  readonly texts: readonly string[];
  /** Columns and rows by table, and everything that was measured. */
  readonly json: Record<string, unknown>;
}

/**
 * Writes the tables of some models to a folder: `tables.md`, `tables.tex`, a `.csv` for each, `results.json` with
 * everything that was measured, and `report.html` for reading.
 *
 * @throws {UserError} when the folder cannot be written to, or holds a report of another program
 */
export async function saveTables(
  out: string,
  models: readonly MeasuredModel[],
): Promise<SavedTables> {
  const tables = buildTables(models);
  const { subject } = models[0];
  const heading = `# ${subject.dataset}, ${subject.arch}\n\n`;
  const json = {
    tables: Object.fromEntries(tables.map(({ name, title, note, columns, rows }) => [
      name,
      { title, note, columns: columns.map(({ title }) => title), rows },
    ])),
    models: inOrder(models).map((
      { label, subject: { checkpoint, arch, method, dataset }, measured },
    ) => ({
      ...{ label, checkpoint, arch, method, dataset },
      measured,
    })),
  };
  await expectOwnReport(join(out, REPORT));
  const contents: Record<string, string> = {
    "tables.md": heading + tables.map(toMarkdown).join("\n"),
    "tables.tex": tables.map(toLatex).join("\n"),
    ...Object.fromEntries(tables.map((table) => [`${table.name}.csv`, toCsv(table)])),
    "results.json": JSON.stringify(json, null, 1) + "\n",
    [REPORT]: evaluationReport(models, tables),
  };
  for (const [name, text] of Object.entries(contents)) {
    await writeAtomically(join(out, name), new TextEncoder().encode(text));
  }
  return {
    files: Object.keys(contents).map((name) => join(out, name)),
    report: join(out, REPORT),
    texts: tables.map(toText),
    json,
  };
}
