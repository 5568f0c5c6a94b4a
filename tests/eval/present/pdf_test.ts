import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { inflateSync } from "node:zlib";
import { drawGrid, mapCell } from "../../../eval/present/pictures/grid.ts";
import { svgToPdf } from "../../../eval/present/pictures/pdf.ts";
import { lineChart } from "../../../eval/present/report/line_chart.ts";
import { svgDocument } from "../../../eval/present/pictures/svg.ts";

/** A PDF file's objects as text, and what its streams hold. */
function read(pdf: Uint8Array) {
  const text = Buffer.from(pdf).toString("latin1");
  assert.ok(text.startsWith("%PDF-1."));
  assert.ok(text.trimEnd().endsWith("%%EOF"));
  const streams = [...text.matchAll(/stream\r?\n([^]*?)\r?\nendstream/g)].map(([, stream]) => {
    try {
      return inflateSync(Buffer.from(stream, "latin1")).toString("latin1");
    } catch {
      return "";
    }
  });
  return { text, drawn: streams.find((stream) => /\bBT\b/.test(stream)) ?? "" };
}

const count = (text: string, what: RegExp) => text.match(what)?.length ?? 0;

Deno.test("a figure of pictures as PDF has all of them, its letters and its size", async () => {
  const picture = { width: 6, height: 4, data: new Uint8Array(72).fill(90) };
  const map = { width: 2, height: 2, values: Float32Array.of(0, 0.1, 0.2, 0.3) };
  const { svg } = await drawGrid({
    title: ["CALM_EM", "em-0"],
    columns: [{ title: "picture" }, { title: "joint", formula: "p(ŷ, z | x)" }],
    rows: [{
      cells: [{ picture, caption: ["Marsh Wren"] }, mapCell(picture, map, { signed: true })],
    }],
  });
  const pdf = await svgToPdf(svg);
  const { text, drawn } = read(pdf);
  const [, ...size] = /width="([\d.]+)" height="([\d.]+)"/.exec(svg)!.map(Number);
  const [, ...box] = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(text)!.map(Number);
  for (const i of [0, 1]) assert.ok(Math.abs(box[i] - 0.75 * size[i]) < 0.01);
  assert.equal(count(drawn, /\/\w+ Do\b/g), count(svg, /<image /g));
  assert.equal(count(text, /\/FontFile2 /g), 2, "plain and bold");
  assert.equal(count(drawn, /\bBT\b/g), count(svg, /<text /g));
  assert.ok(text.includes("(CALM on WebGPU)"));
  assert.deepEqual(await svgToPdf(svg), pdf, "again the same bytes");
});

Deno.test("a chart as PDF has its lines and letters", async () => {
  const chart = lineChart({
    ...{ title: "Curves", description: "Two of them", xLabel: "k (%)", yLabel: "accuracy" },
    series: ["CALM_EM", "CAM"].map((name, i) => ({
      name,
      points: [[0, 1], [50, i / 2], [100, 1]] as const,
      band: [[0, 1, 1], [50, 0, 1], [100, 1, 1]] as const,
    })),
    ...{ width: 640, height: 400 },
  });
  const svg = svgDocument(640, 400, [chart]);
  const { text, drawn } = read(await svgToPdf(svg));
  assert.ok(text.includes("/MediaBox [0 0 480 300]"));
  assert.equal(count(drawn, /\bDo\b/g), 0);
  assert.ok(count(drawn, /\bBT\b/g) >= count(svg, /<text /g));
  assert.ok(count(drawn, / (l|c)$/gm) > 4, "lines");
});
