import type { LayerRow, Roof } from "./layers.ts";

const WIDTH = 900;
const HEIGHT = 560;
const PLOT = { left: 70, right: 870, top: 60, bottom: 480 };
/** Colour-blind safe, readable on white and in grey. */
const COLOURS: Record<string, string> = {
  conv2d_forward: "#0072b2",
  conv2d_input_gradient: "#d55e00",
  conv2d_weight_gradient: "#009e73",
};

/**
 * Roofline chart (Williams, Waterman and Patterson, 2009): operations per second over operations
 * per byte, both logarithmic, below the roof of the adapter's copy bandwidth and register peak.
 */
export function rooflineChart(
  rows: readonly LayerRow[],
  { peak, bandwidth }: Roof,
  title: string,
): string {
  const roof = (intensity: number) => Math.min(peak, bandwidth * intensity) / 1e9;
  const intensities = rows.map(({ intensity }) => intensity);
  const x = scale(Math.min(...intensities) / 4, 2 * Math.max(...intensities), [
    PLOT.left,
    PLOT.right,
  ]);
  const slowest = Math.min(...rows.map(({ gflops }) => gflops));
  const y = scale(slowest / 2, 1.6 * peak / 1e9, [PLOT.bottom, PLOT.top]);
  const ridge = peak / bandwidth;
  const corners = [x.from, Math.min(Math.max(ridge, x.from), x.to), x.to];
  const line = corners.map((i) => `${x.at(i)},${y.at(Math.max(roof(i), y.from))}`).join(" ");
  const sorted = [...rows].sort((a, b) => a.peak_share - b.peak_share);
  const named = new Set([sorted[0], sorted.at(-1)]);
  const shapes = rows.map((row) => {
    // The best is named above its dot, where fewer others are; the worst below.
    const lift = row === sorted[0] ? 16 : -9;
    const [cx, cy] = [x.at(row.intensity), y.at(row.gflops)];
    const share = `${(100 * row.peak_share).toFixed(0)} %`;
    const tip = `${row.name} ${row.shape}: ${row.gflops.toFixed(1)} GFLOP/s, ${share} of the peak`;
    const anchor = cx > (PLOT.left + PLOT.right) / 2 ? "end" : "start";
    const label = named.has(row)
      ? `<text x="${cx + (anchor === "end" ? -9 : 9)}" y="${cy + lift}" text-anchor="${anchor}">` +
        `${row.shape}: ${share}</text>`
      : "";
    return `<circle cx="${cx}" cy="${cy}" r="5" fill="${COLOURS[row.name]}" fill-opacity="0.75">` +
      `<title>${tip}</title></circle>${label}`;
  });
  const legend = Object.entries(COLOURS).map(([name, colour], i) =>
    `<circle cx="${PLOT.left + 8 + 215 * i}" cy="42" r="5" fill="${colour}"/>` +
    `<text x="${PLOT.left + 18 + 215 * i}" y="46">${name}</text>`
  );
  const ticks = [
    ...x.ticks.map((t) =>
      `<line x1="${x.at(t)}" x2="${x.at(t)}" y1="${PLOT.top}" y2="${PLOT.bottom}" class="grid"/>` +
      `<text x="${x.at(t)}" y="${PLOT.bottom + 18}" text-anchor="middle">${t}</text>`
    ),
    ...y.ticks.map((t) =>
      `<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${y.at(t)}" y2="${y.at(t)}" class="grid"/>` +
      `<text x="${PLOT.left - 8}" y="${y.at(t) + 4}" text-anchor="end">${t}</text>`
    ),
  ];
  const middle = (PLOT.left + PLOT.right) / 2;
  const height = (PLOT.top + PLOT.bottom) / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" ` +
    `font-family="DejaVu Sans, sans-serif" font-size="12" fill="#222">
<style>.grid { stroke: #ddd; } text { fill: #222; }</style>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${PLOT.left}" y="24" font-size="15">${escape(title)}</text>
${legend.join("\n")}
${ticks.join("\n")}
<polyline points="${line}" fill="none" stroke="#222" stroke-width="2"/>
<text x="${PLOT.right}" y="${y.at(peak / 1e9) - 8}" text-anchor="end">` +
    `register peak ${(peak / 1e9).toFixed(0)} GFLOP/s, copy ${
      (bandwidth / 1e9).toFixed(0)
    } GB/s</text>
${shapes.join("\n")}
<text x="${middle}" y="${
      PLOT.bottom + 42
    }" text-anchor="middle">operations per byte of the operands</text>
<text x="20" y="${height}" text-anchor="middle" transform="rotate(-90 20 ${height})">GFLOP/s</text>
</svg>
`;
}

/** A logarithmic axis with ticks at 1, 2 and 5 times the powers of ten. */
function scale(from: number, to: number, [first, last]: readonly [number, number]) {
  const share = (value: number) => Math.log(value / from) / Math.log(to / from);
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.log10(to); power++) {
    for (const digit of [1, 2, 5]) {
      const value = Number(`${digit}e${power}`);
      if (value >= from && value <= to) ticks.push(value);
    }
  }
  const at = (value: number) => Number((first + share(value) * (last - first)).toFixed(1));
  return { from, to, ticks, at };
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
