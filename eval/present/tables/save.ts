import { join } from "node:path";
import { exists } from "../../../data/files.ts";
import { UserError } from "../../../engine/errors.ts";
import { writeAtomically } from "../../../weights/atomic_write.ts";
import { CHECKPOINT } from "../../../model/stored/run_files.ts";
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
 * Looks at the folder before anything is measured for it.
 *
 * @throws {UserError} when it is a training run's, whose report would be replaced, or has files of
 * these names that another program wrote
 */
export async function expectOwnFolder(out: string): Promise<void> {
  if (await exists(join(out, CHECKPOINT))) {
    throw new UserError(
      `${out} is the folder of a training run, whose report would be replaced: choose another --out`,
    );
  }
  await expectOwnReport(join(out, REPORT));
  if (await exists(join(out, REPORT))) return;
  for (const name of ["tables.md", "tables.tex", "results.json"]) {
    const path = join(out, name);
    if (!await exists(path)) continue;
    throw new UserError(
      `${path} would be replaced, and no report beside it says that this program wrote it: move it ` +
        "away, or choose another --out",
    );
  }
}

/**
 * Writes the tables of some models to a folder: `tables.md`, `tables.tex`, a `.csv` for each,
 * `results.json` with everything that was measured, and `report.html` for reading.
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
  await expectOwnFolder(out);
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
