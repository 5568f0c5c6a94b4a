import { ownKind } from "../../maps/kinds.ts";
import type { MeasureName, MeasureResults } from "../../measures/measures.ts";
import { found, type MeasuredModel } from "../tables/rows.ts";
import { Markup, markup } from "./markup.ts";
import { legendOf } from "./chart_looks.ts";
import { type LineChart, lineChart, type Series } from "./line_chart.ts";
import { methodKind } from "../../../model/methods.ts";

const WIDTH = 500;
/** Height without the legend. */
const HEIGHT = 310;

/** A curve of a map, and whether it is the model's own. */
interface Curve extends Series {
  readonly model: MeasuredModel["label"];
  readonly method: string;
  readonly own: boolean;
}

/**
 * Figure 5 of the paper as charts: first the own maps of all models, then all maps of each. The
 * bands are the intervals of own maps.
 */
export function erasingCharts(models: readonly MeasuredModel[]): Markup[] {
  const curves = curvesOf(models, "remove-and-classify", ({ k, relativeAccuracy, interval }) => ({
    points: k.map((percent, i) => [percent, relativeAccuracy[i]]),
    band: k.map((percent, i) => [percent, ...interval[i]]),
  }));
  return charts(curves, {
    title: "Remove-and-classify",
    description: "Accuracy relative to random erasing by percentage of the pixels erased, the " +
      "highest-ranked first; lower is better. The table beside has the numbers.",
    xLabel: "pixels erased (%)",
    yLabel: "relative accuracy",
    reference: { y: 1, text: "as good as random" },
    include: [0, 1],
  });
}

/** How maps change while layers get random weights, drawn like `erasingCharts`. */
export function randomisationCharts(models: readonly MeasuredModel[]): Markup[] {
  const curves = curvesOf(models, "randomisation", ({ correlation }) => ({
    points: [[0, 1], ...correlation.map((value, i) => [i + 1, value] as const)],
  }));
  const [layers] = models.flatMap(({ measured }) =>
    measured.flatMap((each) => each.what === "randomisation" ? [each.result.layers] : [])
  );
  return charts(curves, {
    title: "Parameter randomisation",
    description: "Rank correlation with the map of the trained model, after more and more layers " +
      "got random weights; a map that explains the model falls to 0. The table has the numbers.",
    xLabel: "random from the last layers down to",
    yLabel: "rank correlation",
    xWords: ["trained", ...layers ?? []],
    include: [0, 1],
  });
}

function curvesOf<M extends MeasureName>(
  models: readonly MeasuredModel[],
  what: M,
  draw: (result: MeasureResults[M]) => Pick<Series, "points" | "band">,
): Curve[] {
  return found(models, what).map(({ title, label, kind, subject: { method }, result }) => {
    const own = kind === ownKind(method);
    const { points, band } = draw(result);
    return {
      name: title,
      points,
      ...(own && band && { band }),
      model: label,
      method: methodKind(method).title,
      own,
    };
  });
}

function charts(
  curves: readonly Curve[],
  common: Omit<LineChart, "series" | "width" | "height">,
): Markup[] {
  const byModel = [...Map.groupBy(curves, ({ model }) => model).values()];
  const own = curves.filter((curve) => curve.own);
  // The same axis for all, so that they can be compared.
  const values = curves.flatMap(({ points, band = [] }) => [
    ...points.map(([, y]) => y),
    ...band.flatMap(([, low, high]) => [low, high]),
  ]).filter(Number.isFinite);
  const include = [...common.include ?? [], ...values];
  const draw = (of: string, series: readonly Curve[]) =>
    markup`<figure>${new Markup(lineChart({
      ...common,
      include,
      title: `${common.title}: ${of}`,
      series,
      width: WIDTH,
      height: HEIGHT + legendOf(series.map(({ name }) => name), WIDTH).height,
    }))}</figure>\n`;
  return [
    ...(byModel.length > 1 && own.length > 1 ? [draw("own maps", own)] : []),
    ...byModel.filter((of) => byModel.length === 1 || of.length > 1).map((of) => {
      const sameMethod = byModel.filter(([other]) => other.method === of[0].method).length > 1;
      const name = sameMethod ? `${of[0].method} (${of[0].model})` : of[0].method;
      return draw(name, of.map(withoutModel));
    }),
  ];
}

/** `Grad-CAM of CAM` → `Grad-CAM`, where the title of the chart names the model. */
function withoutModel(curve: Curve): Curve {
  const { name, method, model } = curve;
  const kind = name.replace(` (${model})`, "").replace(` of ${method}`, "")
    .replace(`${method}, `, "");
  return { ...curve, name: curve.own ? "own map" : kind };
}
