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

/** A column and its number in the row of a key of `LOCALIZATION`. */
type Filled = readonly [column: Column, cell: (key: string) => number | null];

/**
 * Table 3 of a data set as it was published, by architecture and mean, with ours beside it where the
 * same was measured.
 *
 * @param rows what was measured on the data set; none for the published numbers alone
 */
export function publishedTable(dataset: LocalizationData, rows: Rows<"wsol"> = []): Table {
  const paper = besideLocalization(rows);
  const columns: readonly Filled[] = [
    ...oursBeside(rows, (family, i) => [
      { title: family, digits: 1, better: "higher", published: true },
      (key) => LOCALIZATION[key].benchmark?.[dataset][i] ?? null,
    ]),
    [paper.columns([""])[0], (key) => LOCALIZATION[key].paper?.[dataset] ?? null],
  ];
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

/** Our columns of each architecture, then of the mean, in front of the benchmark's. */
function oursBeside(
  rows: Rows<"wsol">,
  benchmark: (title: string, position: number) => Filled,
): Filled[] {
  const measured = Map.groupBy(rows, keyOf);
  const scoreWhere = (isWanted: (arch: string) => boolean) => (key: string) =>
    meanOf(
      (measured.get(key) ?? []).filter(({ subject: { arch } }) => isWanted(arch)).map(scoreOf),
    );
  const ours = (title: string, cell: Filled[1]): Filled => [
    { title: `${title} here`, digits: 1, better: "higher" },
    cell,
  ];
  const archs = [...new Set(rows.map(({ subject: { arch } }) => arch))];
  const of = (family: string | null) => (arch: string) => familyOf(arch) === family;
  const oursOf = (family: string | null) =>
    archs.filter(of(family)).map((arch) => ours(arch, scoreWhere((other) => other === arch)));
  const mean = (key: string) =>
    meanOf(LOCALIZATION_ARCHITECTURES.map((family) => scoreWhere(of(family))(key)));
  return [
    ...LOCALIZATION_ARCHITECTURES.flatMap((family, i) => [
      ...oursOf(family),
      benchmark(family, i),
    ]),
    ...oursOf(null),
    ...(rows.length > 0 ? [ours("mean", mean)] : []),
    benchmark("mean", LOCALIZATION_ARCHITECTURES.length),
  ];
}

/** The row of `LOCALIZATION` that a result belongs to. */
function keyOf({ subject, kind }: Rows<"wsol">[number]): string {
  return rowOf(kind!).modelFree ? kind! : `${subject.method} ${kind}`;
}

/** What is compared with published numbers: at the best thresholds of the very pictures. */
function scoreOf({ result: { boxes, pxap } }: Rows<"wsol">[number]): number | null {
  return boxes ? (boxes.testOptimal ?? boxes).mean : pxap;
}

/** Null where there is no value, or one is missing. */
function meanOf(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null);
  if (numbers.length === 0 || numbers.length < values.length) return null;
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}
