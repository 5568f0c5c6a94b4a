import { escape } from "../escape.ts";
import { svgText } from "./markup.ts";
import { legendOf, LINE, type Look, look, marker, type Placed } from "./chart_looks.ts";
import { linearScale, type Scale } from "./scale.ts";

/** A point of a line. One whose y is not a number interrupts it. */
export type Point = readonly [x: number, y: number];

/** A line of a chart. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  /** Where the line would be with other data: an area around it. */
  readonly band?: readonly (readonly [x: number, low: number, high: number])[];
}

/** A line chart. */
export interface LineChart {
  readonly title: string;
  /** What there is to see, for those who do not see it. */
  readonly description?: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  readonly width: number;
  readonly height: number;
  /** Values of y that have to be on the chart, whatever the points are: often 0. */
  readonly include?: readonly number[];
  /** Vertical lines with a word beside them. */
  readonly marks?: readonly { readonly x: number; readonly text: string }[];
  /** A horizontal line to compare with. */
  readonly reference?: { readonly y: number; readonly text: string };
  /** True where x counts something: ticks at whole numbers only. */
  readonly wholeX?: boolean;
  /** Words below the axis instead of numbers, for x = 0, 1, 2, … */
  readonly xWords?: readonly string[];
}

/** Room around the lines: title above, ticks and label to the left and below. */
const MARGIN = { left: 56, right: 16, top: 38, bottom: 48 };
/** Points have markers as long as they are not too close to each other. */
const MOST_MARKERS = 24;

/**
 * A line chart as SVG. Series differ by colour (safe for the colour-blind), dashes and markers; a
 * legend names them below. It stands alone, in black on no background; a page may style its
 * classes.
 */
export function lineChart(chart: LineChart): string {
  const { title, description, width, height, series, xLabel, yLabel, xWords, wholeX } = chart;
  const legend = series.length > 1 ? legendOf(series.map(({ name }) => name), width) : null;
  const bottom = height - MARGIN.bottom - slantOf(xWords) - (legend?.height ?? 0);
  const across = [MARGIN.left, width - MARGIN.right] as const;
  const down = [bottom, MARGIN.top] as const;
  const include = [...chart.include ?? [], ...(chart.reference ? [chart.reference.y] : [])];
  const x = linearScale(rangeOf(xsOf(series)), across, { exact: true, count: 6, whole: wholeX });
  const y = linearScale(rangeOf([...ysOf(series), ...include]), down);
  const middle = (across[0] + across[1]) / 2;
  const center = (down[0] + down[1]) / 2;
  const parts = [
    `<title>${escape(title)}</title>`,
    ...(description ? [`<desc>${escape(description)}</desc>`] : []),
    `<text x="${across[0]}" y="20" font-size="15" font-weight="bold">${svgText(title)}</text>`,
    ...grid(y, across),
    ...(xWords ? words(xWords, x, bottom) : numbers(x, bottom)),
    line("axis", [across[0], bottom], [across[1], bottom]),
    `<text x="${middle}" y="${height - 10 - (legend?.height ?? 0)}" text-anchor="middle">` +
    `${escape(xLabel)}</text>`,
    `<text x="14" y="${center}" text-anchor="middle" transform="rotate(-90 14 ${center})">` +
    `${escape(yLabel)}</text>`,
    ...(chart.marks ?? []).map((mark) => markAt(mark, series, { x, y })),
    ...(chart.reference
      ? [
        line("mark", [across[0], y.at(chart.reference.y)], [across[1], y.at(chart.reference.y)]),
        `<text x="${across[0] + 6}" y="${y.at(chart.reference.y) - 6}" font-size="12">` +
        `${escape(chart.reference.text)}</text>`,
      ]
      : []),
    ...series.map(({ band }, i) => band ? area(band, look(i), { x, y }) : ""),
    ...series.map(({ name, points }, i) => curve(name, points, look(i), { x, y })),
    ...(legend ? [legend.draw(height - legend.height)] : []),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" width="${width}" ` +
    `height="${height}" viewBox="0 0 ${width} ${height}" fill="#222" font-size="13" ` +
    `font-family="DejaVu Sans, sans-serif">\n${parts.filter(Boolean).join("\n")}\n</svg>`;
}

function xsOf(series: readonly Series[]): number[] {
  return series.flatMap(({ points, band = [] }) => [...points, ...band].map(([x]) => x));
}

function ysOf(series: readonly Series[]): number[] {
  return series.flatMap(({ points, band = [] }) => [
    ...points.map(([, y]) => y),
    ...band.flatMap(([, low, high]) => [low, high]),
  ]);
}

/** Smallest and largest of the finite values; [0, 1] without any. */
function rangeOf(values: readonly number[]): [number, number] {
  const finite = values.filter(Number.isFinite);
  return finite.length > 0 ? [Math.min(...finite), Math.max(...finite)] : [0, 1];
}

function grid(y: Scale, [left, right]: readonly [number, number]): string[] {
  return y.ticks.map((tick) =>
    line("grid", [left, y.at(tick)], [right, y.at(tick)]) +
    `<text x="${left - 8}" y="${y.at(tick) + 4.5}" text-anchor="end">${y.label(tick)}</text>`
  );
}

function numbers(x: Scale, bottom: number): string[] {
  return x.ticks.map((tick) =>
    line("axis", [x.at(tick), bottom], [x.at(tick), bottom + 5]) +
    `<text x="${x.at(tick)}" y="${bottom + 19}" text-anchor="middle">${x.label(tick)}</text>`
  );
}

/** How far slanted words reach below where numbers would end. */
function slantOf(texts: readonly string[] = []): number {
  return 4 * Math.max(0, ...texts.map(({ length }) => length));
}

function words(texts: readonly string[], x: Scale, bottom: number): string[] {
  return texts.map((text, i) => {
    const [left, top] = [x.at(i) + 4, bottom + 14];
    return line("axis", [x.at(i), bottom], [x.at(i), bottom + 5]) +
      `<text x="${left}" y="${top}" text-anchor="end" font-size="12" ` +
      `transform="rotate(-35 ${left} ${top})">${escape(text)}</text>`;
  });
}

/** A vertical line, its word at the end that the lines are farther from. */
function markAt(
  { x: at, text }: NonNullable<LineChart["marks"]>[number],
  series: readonly Series[],
  { x, y }: Placed,
): string {
  const [bottom, top] = [y.at(y.from), y.at(y.to)];
  const near = series.flatMap(({ points }) => points.filter(([px]) => px === at));
  const isHigh = near.some(([, value]) => y.at(value) < (bottom + top) / 2);
  return line("mark", [x.at(at), bottom], [x.at(at), top]) +
    `<text x="${x.at(at) - 5}" y="${isHigh ? bottom - 8 : top + 12}" text-anchor="end" ` +
    `font-size="12">${escape(text)}</text>`;
}

function line(kind: keyof typeof LINE, [x1, y1]: Point, [x2, y2]: Point): string {
  return `<line class="${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" ${LINE[kind]}/>`;
}

function area(
  band: NonNullable<Series["band"]>,
  { className, colour }: Look,
  { x, y }: Placed,
): string {
  const finite = band.filter((ends) => ends.every(Number.isFinite));
  const corners = [
    ...finite.map(([at, , high]) => [at, high] as const),
    ...finite.map(([at, low]) => [at, low] as const).reverse(),
  ];
  return `<polygon class="band ${className}" points="${
    corners.map((corner) => place(corner, { x, y })).join(" ")
  }" fill="${colour}" fill-opacity="0.16"/>`;
}

/** One polyline for each stretch of numbers, and a marker at each point that tells its values. */
function curve(name: string, points: readonly Point[], own: Look, scales: Placed): string {
  const finite = points.filter(([, y]) => Number.isFinite(y));
  const stretches = points.reduce<Point[][]>((all, point) => {
    if (Number.isFinite(point[1])) all.at(-1)!.push(point);
    else all.push([]);
    return all;
  }, [[]]).filter((stretch) => stretch.length > 0);
  const lines = stretches.map((stretch) =>
    `<polyline points="${stretch.map((point) => place(point, scales)).join(" ")}" fill="none" ` +
    `stroke="${own.colour}" stroke-width="2.2" stroke-linejoin="round"${
      own.dashes ? ` stroke-dasharray="${own.dashes}"` : ""
    }/>`
  );
  const markers = finite.length > MOST_MARKERS
    ? []
    : finite.map(([at, value]) => marker(own, scales.x.at(at), scales.y.at(value)));
  return `<g class="series ${own.className}"><title>${escape(name)}</title>${lines.join("")}${
    markers.join("")
  }</g>`;
}

function place([at, value]: Point, { x, y }: Placed): string {
  return `${x.at(at)},${y.at(value)}`;
}
