import { type BoxAccuracy, IOU_LEVELS } from "../../measures/wsol/box_accuracy.ts";
import type { LocalizationScores } from "../../measures/wsol/object_localization.ts";
import { meansOfArchitectures, type Rows } from "./beside_paper.ts";
import { LOCALIZATION_DATA, type LocalizationData } from "./paper.ts";
import { publishedTable } from "./published_table.ts";
import { found, type MeasuredModel, onceEach, rowTitle } from "./rows.ts";
import type { Column, Table } from "./table.ts";

/** Table 3: everything that was measured, and of its data sets what was published with ours beside. */
export function localizationTables(models: readonly MeasuredModel[]): Table[] {
  const rows = found(models, "wsol");
  const dataset = rows[0]?.subject.dataset ?? "";
  return [
    localizationTable(rows),
    ...(Object.hasOwn(LOCALIZATION_DATA, dataset)
      ? [publishedTable(dataset as LocalizationData, rows)]
      : []),
  ];
}

function localizationTable(measured: Rows<"wsol">): Table {
  const rows = onceEach(measured);
  const boxed = rows.some(({ result }) => result.boxes);
  const elsewhere = rows.some(({ result }) => result.boxes?.testOptimal);
  const columns = localizationColumns(boxed, elsewhere);
  const [{ options } = {}] = rows;
  return {
    name: "table3_wsol",
    title: "Weakly-supervised localization",
    note:
      (boxed
        ? "Percentage of pictures whose object is found by a box of the map of its class; " +
          "MaxBoxAccV2 is the mean over three overlaps, MaxBoxAcc takes the largest contour at " +
          "50. Top-1: found and classified rightly, at the same thresholds. Thresholds " +
          `${options?.step} apart, ` +
          (elsewhere
            ? "the best of other pictures; test-optimal: the best on these very pictures."
            : "the best on these very pictures.")
        : `Pixel-wise average precision in percent, thresholds ${options?.step} apart.`) +
      ` Maps scaled up by ${options?.upscaling} interpolation. + Y: summed over the class's ` +
      "superset.",
    columns: [
      { title: "" },
      ...columns.map(({ title }): Column => ({ title, digits: 1, better: "higher" })),
    ],
    rows: [
      ...rows.map(({ title, result }) => [title, ...columns.map(({ of }) => of(result))]),
      ...meansOfArchitectures(rows).map(({ method, kind, results }) => [
        `${rowTitle(method, kind)}, mean of three architectures`,
        ...meansOf(results.map((result) => columns.map(({ of }) => of(result)))),
      ]),
    ],
  };
}

/** A column of the table of localization. */
interface LocalizationColumn {
  readonly title: string;
  readonly of: (result: LocalizationScores) => number | null;
}

/** @param elsewhere thresholds come from other pictures: the best ones stand beside them */
function localizationColumns(boxed: boolean, elsewhere: boolean): LocalizationColumn[] {
  if (!boxed) return [{ title: "PxAP", of: ({ pxap }) => pxap }];
  type Share = (boxes: BoxAccuracy) => number | undefined;
  const column = (title: string, share: Share): LocalizationColumn => ({
    title,
    of: ({ boxes }) => boxes && (share(boxes) ?? null),
  });
  const both = (title: string, share: Share): LocalizationColumn[] => {
    const optimal: Share = ({ testOptimal }) => testOptimal ? share(testOptimal) : undefined;
    const own = column(title, share);
    return elsewhere ? [own, column(`${title}, test-optimal`, optimal)] : [own];
  };
  return [
    ...both("MaxBoxAccV2", ({ mean }) => mean),
    ...IOU_LEVELS.map((iou) => column(`IoU ${iou}`, (boxes) => boxes[`${iou}`])),
    ...both("MaxBoxAcc", ({ single50 }) => single50),
    ...both("top-1", ({ top1 }) => top1?.mean),
    ...IOU_LEVELS.map((iou) => column(`top-1, IoU ${iou}`, ({ top1 }) => top1?.[`${iou}`])),
    ...both("top-1, MaxBoxAcc", ({ top1 }) => top1?.single50),
  ];
}

function meansOf(rows: readonly (number | null)[][]): (number | null)[] {
  return rows[0].map((_, column) => {
    const values = rows.map((row) => row[column]);
    return values.includes(null)
      ? null
      : values.reduce((sum: number, value) => sum + value!, 0) / values.length;
  });
}
