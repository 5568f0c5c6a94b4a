import { rowOf } from "../../maps/kinds.ts";
import { besideLocalization, familyOf, type Rows } from "./beside_paper.ts";
import {
  LOCALIZATION,
  LOCALIZATION_ARCHITECTURES,
  LOCALIZATION_DATA,
  LOCALIZATION_SOURCES,
  type LocalizationData,
} from "./paper.ts";
import type { Cell, Column, Table } from "./table.ts";

/**
 * Table 3 of a data set as it was published, by architecture and mean, with ours beside it where the
 * same was measured.
 *
 * @param rows what was measured on the data set; none for the published numbers alone
 */
export function publishedTable(dataset: LocalizationData, rows: Rows<"wsol"> = []): Table {
  const measured = Map.groupBy(rows, keyOf);
  const archs = [...new Set(rows.map(({ subject: { arch } }) => arch))];
  const others = archs.filter((arch) => !isOf(familyOf(arch)));
  const ours = (wanted: (arch: string) => boolean) => (key: string): Cell =>
    meanOf(
      (measured.get(key) ?? []).filter(({ subject: { arch } }) => wanted(arch)).map(scoreOf),
    );
  const ofFamily = (family: string) => ours((arch) => familyOf(arch) === family);
  const columns: (readonly [Column, (key: string) => Cell])[] = [];
  const addOurs = (title: string, cell: (key: string) => Cell) =>
    columns.push([{ title: `${title} here`, digits: 1, better: "higher" }, cell]);
  const addArch = (arch: string) => addOurs(arch, ours((other) => other === arch));
  for (const [i, family] of [...LOCALIZATION_ARCHITECTURES, "mean"].entries()) {
    const isMean = family === "mean";
    if (isMean) {
      others.forEach(addArch);
      if (rows.length > 0) {
        addOurs("mean", (key) => meanOf(LOCALIZATION_ARCHITECTURES.map((of) => ofFamily(of)(key))));
      }
    } else archs.filter((arch) => familyOf(arch) === family).forEach(addArch);
    columns.push([
      { title: family, digits: 1, better: "higher", published: true },
      (key) => LOCALIZATION[key].benchmark?.[dataset][i] ?? null,
    ]);
  }
  const paper = besideLocalization(rows);
  columns.push([paper.columns([""])[0], (key) => LOCALIZATION[key].paper?.[dataset] ?? null]);
  return {
    name: "table3_published",
    title: `Localization on ${LOCALIZATION_DATA[dataset]} ` +
      (rows.length > 0 ? "beside published numbers" : "as published"),
    note:
      (dataset === "openimages"
        ? "PxAP in percent"
        : "MaxBoxAccV2 in percent, at the best thresholds of the test pictures") +
      ". By architecture, and the mean of the three: " +
      `${LOCALIZATION_SOURCES.benchmark}; there maps are scaled up by cubic interpolation.` +
      paper.note +
      (rows.length > 0 ? " Here: measured by this program; of several models their mean." : ""),
    columns: [{ title: "" }, ...columns.map(([column]) => column)],
    rows: Object.entries(LOCALIZATION).map(([key, { title }]): Cell[] => [
      title,
      ...columns.map(([, cell]) => cell(key)),
    ]).filter(([, ...cells]) => cells.some((cell) => cell !== null)),
  };
}

/** The row of `LOCALIZATION` that a result belongs to. */
function keyOf({ subject, kind }: Rows<"wsol">[number]): string {
  return rowOf(kind!).modelFree ? kind! : `${subject.method} ${kind}`;
}

function isOf(family: string | null): boolean {
  return (LOCALIZATION_ARCHITECTURES as readonly (string | null)[]).includes(family);
}

/** What is compared with published numbers: at the best thresholds of the very pictures. */
function scoreOf({ result: { boxes, pxap } }: Rows<"wsol">[number]): number | null {
  return boxes ? (boxes.testOptimal ?? boxes).mean : pxap;
}

/** Null where there is no value, or one is missing. */
function meanOf(values: readonly Cell[]): number | null {
  const numbers = values.filter((value) => typeof value === "number");
  if (numbers.length === 0 || numbers.length < values.length) return null;
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}
