import { UserError } from "../../../engine/errors.ts";
import { type AttributionKind, ownKind } from "../../maps/kinds.ts";
import { rasterise } from "../pictures/rasterise.ts";
import { svgDocument } from "../pictures/svg.ts";
import { legendOf } from "../report/chart_looks.ts";
import { lineChart } from "../report/line_chart.ts";
import { found, inOrder, type MeasuredModel } from "../tables/rows.ts";

const WIDTH = 640;
/** Height without the legend. */
const HEIGHT = 400;

/** So many lines can all have bands. */
const FEW = 4;

/**
 * Figure 5: accuracy relative to random erasing by percentage erased, a line for each map of each
 * model.
 *
 * @param kinds only these kinds of map; null for all
 * @throws {UserError} when nothing was measured
 */
export async function figure5(
  models: readonly MeasuredModel[],
  kinds: readonly AttributionKind[] | null,
): Promise<{ svg: string; png: Uint8Array }> {
  const rows = found(inOrder(models), "remove-and-classify")
    .filter(({ kind }) => !kinds || kinds.includes(kind!));
  if (rows.length === 0) {
    throw new UserError("There are no results of remove-and-classify, or none of these maps");
  }
  const height = HEIGHT + legendOf(rows.map(({ title }) => title), WIDTH).height;
  const chart = lineChart({
    title: `Remove-and-classify on ${rows[0].subject.dataset} (lower is better)`,
    description: "Accuracy relative to random erasing by percentage of the pixels erased, the " +
      "highest-ranked first; lower is better.",
    xLabel: "pixels erased, k (%)",
    yLabel: "accuracy, erasing at random = 1",
    series: rows.map(({ title, kind, subject: { method }, result }) => ({
      name: title,
      points: result.k.map((percent, i) => [percent, result.relativeAccuracy[i]] as const),
      // Bands of many lines would hide each other: then only those of the models' own maps.
      ...(rows.length <= FEW || kind === ownKind(method)
        ? { band: result.k.map((percent, i) => [percent, ...result.interval[i]] as const) }
        : {}),
    })),
    reference: { y: 1, text: "as good as random" },
    include: [0, 1],
    width: WIDTH,
    height,
  });
  const svg = svgDocument(WIDTH, height, [chart]);
  return { svg, png: await rasterise(svg, 2) };
}
