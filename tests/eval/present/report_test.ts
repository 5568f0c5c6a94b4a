import assert from "node:assert/strict";
import { contactSheet, type SheetRow } from "../../../eval/present/pictures/contact_sheet.ts";
import { escape } from "../../../eval/present/escape.ts";
import { svgToPdf } from "../../../eval/present/pictures/pdf.ts";
import { svgDocument } from "../../../eval/present/pictures/svg.ts";
import { COLOURS, look } from "../../../eval/present/report/chart_looks.ts";
import { evaluationReport } from "../../../eval/present/report/evaluation_report.ts";
import type { FinishedTraining } from "../../../eval/present/report/finished_training.ts";
import { lineChart } from "../../../eval/present/report/line_chart.ts";
import { markup } from "../../../eval/present/report/markup.ts";
import { expectOwnDrawing, expectOwnReport } from "../../../eval/present/report/own_report.ts";
import { linearScale } from "../../../eval/present/report/scale.ts";
import { tableMarkup } from "../../../eval/present/report/table_html.ts";
import { shellWord } from "../../../eval/present/report/shell.ts";
import { trainingReport } from "../../../eval/present/report/training_report.ts";
import { probability, twoDigits } from "../../../eval/present/report/words.ts";
import { found, type MeasuredModel } from "../../../eval/present/tables/rows.ts";
import { saveTables } from "../../../eval/present/tables/save.ts";
import type { Table } from "../../../eval/present/tables/table.ts";
import { buildTables } from "../../../eval/present/tables/tables.ts";
import { expectSelfContained, parseMarkup } from "./markup_check.ts";

Deno.test("templates escape texts, not templates", () => {
  const inner = markup`<b>${'<"&'}</b>`;
  assert.equal(markup`<p>${[inner, null, 3]}</p>`.source, "<p><b>&lt;&quot;&amp;</b>3</p>");
});

Deno.test("axes have round ticks, and ends at the ticks or at the range", () => {
  const loose = linearScale([0.03, 0.96], [100, 0]);
  assert.deepEqual(loose.ticks, [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual([loose.at(0), loose.at(0.5), loose.at(1)], [100, 50, 0]);
  const exact = linearScale([1, 30], [0, 290], { exact: true, count: 6 });
  assert.deepEqual(exact.ticks, [5, 10, 15, 20, 25, 30]);
  assert.deepEqual([exact.at(1), exact.at(30)], [0, 290]);
  assert.deepEqual(linearScale([-0.1, 0.4], [0, 1]).ticks.map(String), [
    "-0.1",
    "0",
    "0.1",
    "0.2",
    "0.3",
    "0.4",
  ]);
  assert.deepEqual(linearScale([1, 4], [0, 1], { exact: true, whole: true }).ticks, [1, 2, 3, 4]);
  assert.equal(linearScale([-1, 0], [0, 1]).label(-0.5), "−0.5");
  assert.deepEqual(linearScale([3, 3], [0, 100], { exact: true }).at(3), 50);
  assert.deepEqual(linearScale([0, 25e6], [0, 1]).ticks.at(-1), 25e6);
});

Deno.test("a line chart has every point at its place, gaps, bands and names", () => {
  const svg = lineChart({
    title: 'a < b & "c"',
    xLabel: "x",
    yLabel: "y",
    series: [
      { name: "CALM_EM", points: [[0, 0], [5, 10], [10, NaN], [15, 5], [20, 10]] },
      { name: "<two>", points: [[0, 1], [20, 2]], band: [[0, 0, 2], [10, NaN, 2], [20, 1, 3]] },
    ],
    width: 472,
    height: 300,
    include: [0],
    marks: [{ x: 5, text: "here" }],
    reference: { y: 4, text: "level" },
  });
  const elements = parseMarkup(svg);
  const of = (name: string) => elements.filter((element) => element.name === name);
  // Pixels: x from 56 to 456; y from the bottom to 38, the legend of one row below.
  const bottom = 300 - 48 - 26;
  const y = (value: number) => Number((bottom - value / 10 * (bottom - 38)).toFixed(1));
  const lines = of("polyline").map(({ attributes }) => attributes.get("points"));
  assert.deepEqual(lines, [
    `56,${y(0)} 156,${y(10)}`,
    `356,${y(5)} 456,${y(10)}`,
    `56,${y(1)} 456,${y(2)}`,
  ]);
  const [band] = of("polygon");
  assert.equal(
    band.attributes.get("points"),
    `56,${y(2)} 456,${y(3)} 456,${y(1)} 56,${y(0)}`,
  );
  assert.equal(of("circle").length, 4 + 1, "a marker a number, and one in the legend");
  assert.match(svg, /<title>a &lt; b &amp; &quot;c&quot;<\/title>/);
  assert.match(svg, /CALM<\/tspan><tspan dy="3" font-size="10">EM</);
  assert.match(svg, />&lt;two&gt;</);
  assert.doesNotMatch(svg, /NaN/);
});

Deno.test("a chart of nothing is a chart", () => {
  parseMarkup(lineChart({
    ...{ title: "", xLabel: "", yLabel: "", width: 300, height: 200 },
    series: [{ name: "none", points: [[1, NaN]] }],
  }));
});

Deno.test("lines differ without their colours, which are seen on white and on black", () => {
  const looks = Array.from({ length: 20 }, (_, i) => look(i));
  assert.equal(new Set(looks.map((one) => JSON.stringify(one))).size, 20);
  assert.equal(new Set(looks.slice(0, 5).map(({ dashes, shape }) => dashes + shape)).size, 5);
  for (const [light, dark] of COLOURS) {
    assert.ok(contrast(light, "#ffffff") >= 3 && contrast(dark, "#14171b") >= 3, light);
  }
});

/** WCAG 2's ratio. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string) => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const value = parseInt(colour.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const TABLE: Table = {
  name: "t",
  title: "T",
  note: "",
  columns: [
    { title: "" },
    { title: "up", digits: 1, better: "higher" },
    { title: "down", digits: 2, better: "lower" },
    { title: "neither", digits: 0 },
    { title: "same", digits: 1, better: "higher" },
  ],
  rows: [
    ["CALM_EM <&>", 12.34, { value: 0.5, interval: [0.4, 0.6] }, 1, 0],
    ["b", 12.32, { value: -0.02, interval: [-0.1, NaN] }, 2, 0.01],
    ["c", NaN, null, 3, null],
    ["d", 3, { value: NaN, interval: [NaN, NaN] }, 4, 0],
  ],
};

Deno.test("tables mark what is best, in its direction; what is no number is a dash", () => {
  const { source } = tableMarkup(TABLE);
  parseMarkup(source);
  const rows = [...source.matchAll(/<tr>(.*?)<\/tr>/gs)].slice(1).map(([, row]) =>
    [...row.matchAll(/<td>(.*?)<\/td>/g)].map(([, cell]) => cell)
  );
  assert.deepEqual(rows, [
    // 12.34 and 12.32 read the same.
    ["<strong>12.3</strong>", "0.50 <small>[0.40, 0.60]</small>", "1", "0.0"],
    [
      "<strong>12.3</strong>",
      "<strong>−0.02</strong> <small>[−0.10, –]</small>",
      "2",
      "0.0",
    ],
    ["–", "–", "3", "–"],
    ["3.0", "–", "4", "0.0"],
  ]);
  assert.match(source, /<th scope="row">CALM<sub>EM<\/sub> &lt;&amp;&gt;<\/th>/);
  assert.match(source, /up <abbr title="higher is better">↑<\/abbr><\/th>/);
});

const CLASSES = ['001.A<b>&"c"', "002.Second_One"];

function rows(): SheetRow[] {
  const picture = { width: 8, height: 8, data: new Uint8Array(192).fill(90) };
  const map = { width: 2, height: 2, values: Float32Array.of(0, 0.1, 0.2, 0.3) };
  return [0, 1].map((label) => ({
    picture,
    label,
    explanation: {
      probabilities: Float32Array.of(0.75, 0.25),
      predicted: 0,
      map: () => map,
    },
    maps: new Map(
      (["joint", "conditional", "saliency", "cam-max", "cam-minmax"] as const)
        .map((kind) => [kind, map]),
    ),
  }));
}

function finished(changes: Partial<FinishedTraining> = {}): FinishedTraining {
  const kinds = ["joint", "conditional", "saliency"] as const;
  return {
    dataset: { name: "birds", root: "d", classes: CLASSES, trainImages: 1200, testImages: 40 },
    options: {
      arch: "small-resnet",
      method: "calm-em",
      prior: "softplus",
      detachNormaliser: false,
    },
    parameters: 78237,
    recipe: {
      epochs: 3,
      batchSize: 8,
      lr: 0.02,
      lrClassifierRatio: 10,
      lrDecayEvery: 2,
      weightDecay: 1e-4,
      momentum: 0.9,
      seed: 7,
      transform: { resize: 36, crop: 32, flip: true },
    },
    progress: {
      trainLoss: [3, 2, 1],
      trainAccuracy: [0.5, 0.6, 0.7],
      trainNegativeLogLikelihood: [2, 1, 0.5],
    },
    test: { accuracy: 0.625, loss: 1.2 },
    seconds: 75,
    imagesPerSecond: 48,
    resumedAt: 0,
    adapter: { description: "Some & Adapter", fallback: true },
    tables: [TABLE],
    rows: rows(),
    kinds,
    out: "runs/x",
    checkpoint: "runs/x/checkpoint.safetensors",
    ...changes,
  };
}

Deno.test("a training report: result, curves, maps, tables, settings, commands", async () => {
  const text = await trainingReport(finished());
  expectSelfContained(text);
  const elements = parseMarkup(text);
  const images = elements.filter(({ name }) => name === "img");
  assert.equal(images.length, 2 + 2 * 5, "the opening's, and a card's for each picture");
  assert.ok(images.every(({ attributes }) => attributes.get("alt")));
  assert.match(text, /<strong>62\.5 %<\/strong> of 40 test pictures classified right/);
  assert.match(text, /in 1 min 15 s, on Some &amp; Adapter \(a software adapter\)/);
  assert.match(text, /<strong>A&lt;b&gt;&amp;&quot;c&quot;<\/strong>: <span class="right">right/);
  assert.match(text, /<span class="wrong">wrong<\/span>, predicted A&lt;b&gt;/);
  assert.match(text, />learning rate 0\.002</);
  assert.match(text, /test, at the end: 62\.5 %/);
  assert.match(text, /<dt>seed<\/dt><dd>7<\/dd>/);
  assert.match(text, /train --resume runs\/x --epochs 13/);
  assert.match(text, /max 0\.30/);
  assert.match(text, />EM loss</);
  assert.match(text, />−log p\(ŷ\|x\)</);
  assert.match(text, /at most log 4 = 1\.39 for 4 of them/);
  assert.equal(elements.filter(({ name }) => name === "h1").length, 1);
});

Deno.test("commands are quoted for the shell", async () => {
  assert.equal(shellWord("runs/birds-calm-em/a.pth"), "runs/birds-calm-em/a.pth");
  const awkward = "my run's $HOME; rm *";
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `printf %s ${shellWord(awkward)}`],
  }).output();
  assert.equal(new TextDecoder().decode(stdout), awkward);
  const dataset = { ...finished().dataset, root: "my data" };
  const text = await trainingReport(finished({ checkpoint: "a b.pth", out: "a b", dataset }));
  assert.match(
    text,
    /explain --checkpoint &#39;a b\.pth&#39; PICTURE|explain --checkpoint 'a b\.pth'/,
  );
  assert.match(text, /--data ('|&#39;)my data('|&#39;) --checkpoint/);
});

Deno.test("largest values have two significant digits", () => {
  const cases = [[0.3, "0.30"], [0.0132, "0.013"], [8.84e-5, "8.8e−5"], [166.6, "167"], [1, "1.0"]];
  for (const [value, text] of cases) assert.equal(twoDigits(value as number), text);
  assert.equal(twoDigits(0), "0");
  assert.equal(twoDigits(NaN), "–");
});

Deno.test("a training report of CAM without annotations, resumed", async () => {
  const kinds = ["cam-max", "cam-minmax"] as const;
  const options = { ...finished().options, method: "cam" as const };
  const run = finished({ kinds, rows: rows(), options, tables: [], resumedAt: 2 });
  const text = await trainingReport(run);
  expectSelfContained(text);
  assert.match(text, /1 min 15 s since epoch 2/);
  assert.doesNotMatch(text, /How good its maps are|location prior|more probable/);
});

function measuredModel(label: string, method: "cam" | "calm-em", kinds: string[]): MeasuredModel {
  const subject = {
    ...{ checkpoint: "0".repeat(64), arch: "small-resnet", method, dataset: "birds" },
    ...{
      prior: "relu" as const,
      largeFeatureMap: false,
      skipMixed6e: false,
      acolThreshold: null,
      epochs: null,
    },
    ...{ classes: CLASSES, crop: 32, batchSize: 8, blur: 0, seed: 0, supersets: null },
  };
  const erasing = (kind: string) => ({
    what: "remove-and-classify",
    options: { kind, k: [10, 50], baseline: "blur", seed: 0 },
    result: {
      k: [10, 50],
      accuracy: [50, 20],
      randomAccuracy: [80, NaN],
      relativeAccuracy: [0.625, NaN],
      interval: [[0.5, 0.7], [NaN, NaN]],
      images: 4,
    },
  });
  const randomised = (kind: string) => ({
    what: "randomisation",
    options: { kind, every: 1 },
    result: {
      layers: ["last layers", "conv1"],
      correlation: [0.5, NaN],
      images: 4,
      undefinedIn: { conv1: 4 },
    },
  });
  const measured = kinds.flatMap((kind) => [erasing(kind), randomised(kind)]);
  return { label, subject, measured } as MeasuredModel;
}

Deno.test("an evaluation report: tables, curves of own maps and of each model", () => {
  const models = [
    measuredModel("a<&", "calm-em", ["joint", "grad-cam"]),
    measuredModel("b", "cam", ["cam", "gradient", "grad-cam"]),
  ];
  const text = evaluationReport(models, buildTables(models));
  expectSelfContained(text);
  const titles = [...text.matchAll(/<title>([^<]*: [^<]*)<\/title>/g)].map(([, title]) => title);
  assert.deepEqual(titles.slice(-6), [
    "Remove-and-classify: own maps",
    "Remove-and-classify: CAM",
    "Remove-and-classify: CALM_EM",
    "Parameter randomisation: own maps",
    "Parameter randomisation: CAM",
    "Parameter randomisation: CALM_EM",
  ]);
  assert.equal(text.match(/class="band/g)!.length, 2 + 1 + 1, "own maps have bands");
  assert.match(text, /<dt>a&lt;&amp;<\/dt>/);
  assert.doesNotMatch(text, /NaN/);
});

Deno.test("an evaluation report of one model without curves has no charts", () => {
  const model = { ...measuredModel("a", "cam", []), measured: [] };
  const text = evaluationReport([model], buildTables([model]));
  expectSelfContained(text);
  assert.doesNotMatch(text, /<svg/);
});

Deno.test("probabilities as a person reads them", () => {
  assert.deepEqual([0, 1, 0.5, 0.9999, 0.0004, NaN].map(probability), [
    "0",
    "1.00",
    "0.50",
    "> 0.99",
    "4e−4",
    "–",
  ]);
});

Deno.test("names of classes may hold anything: pages and drawings stay well-formed", async () => {
  const hostile = [
    "001.]]>&lt;<img src=x onerror=alert(1)>",
    `002."'<script>fetch('//evil')</script>\u0000\u001b[31m\ud800\uffff${"x".repeat(500)}\u202e`,
  ];
  const run = finished();
  const text = await trainingReport({ ...run, dataset: { ...run.dataset, classes: hostile } });
  expectSelfContained(text);
  assert.ok(text.includes("]]&gt;&amp;lt;&lt;img src=x"));
  const { svg } = await contactSheet(run.rows, {
    kinds: ["joint"],
    classNames: hostile,
    title: ["]]>", "\u0007"],
  });
  parseMarkup(svg);
  assert.equal(escape("a\u0000\ud800b\t\n]]>"), "a\ufffd\ufffdb\t\n]]&gt;");
});

Deno.test("a report of another program is not replaced", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/report.html`;
    await expectOwnReport(path);
    await Deno.writeTextFile(path, await trainingReport(finished()));
    await expectOwnReport(path);
    await Deno.writeTextFile(path, "<html><h1>My report</h1></html>");
    await assert.rejects(expectOwnReport(path), /report\.html was not written by this program/);
    await assert.rejects(
      saveTables(folder, [measuredModel("a", "cam", ["cam"])]),
      /report\.html was not written by this program/,
    );
    assert.equal(await Deno.readTextFile(path), "<html><h1>My report</h1></html>");
    assert.deepEqual(
      (await Array.fromAsync(Deno.readDir(folder))).length,
      1,
      "nothing half-written",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a drawing's SVG file tells whose it and its PNG file are, a PDF file itself", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/figure1`;
    const write = (ending: string, text: string) => Deno.writeTextFile(path + ending, text);
    await expectOwnDrawing(path);
    await write(".png", "");
    await assert.rejects(expectOwnDrawing(path), /figure1\.png was not written by this program/);
    const ours = svgDocument(10, 20.5, []);
    const mark = "<metadata>CALM on WebGPU</metadata>";
    assert.ok(ours.includes(mark));
    for (const text of [ours, ours.replace(mark, "")]) {
      await write(".svg", text);
      await expectOwnDrawing(path);
    }
    for (const text of ["", "<svg/>", ours.replace(mark, "").replace("#fff", "#eee")]) {
      await write(".svg", text);
      await assert.rejects(expectOwnDrawing(path), /figure1\.svg was not written by this program/);
    }
    await write(".svg", ours);
    await Deno.writeFile(`${path}.pdf`, await svgToPdf(ours));
    await expectOwnDrawing(path);
    await write(".pdf", "%PDF-1.7");
    await assert.rejects(expectOwnDrawing(path), /figure1\.pdf was not written by this program/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("models that were trained for different numbers of epochs are marked in every table", () => {
  const trained = (label: string, method: "cam" | "calm-em", epochs: number | null) => {
    const model = measuredModel(label, method, [method === "cam" ? "cam" : "joint"]);
    return { ...model, subject: { ...model.subject, epochs } };
  };
  const titles = (...models: MeasuredModel[]) =>
    found(models, "remove-and-classify").map(({ title }) => title);
  const long = trained("a", "calm-em", 30);
  assert.deepEqual(titles(long, trained("b", "cam", 30)), ["CALM_EM", "CAM"]);
  assert.deepEqual(titles(long, trained("b", "cam", 1)), ["CALM_EM, 30 epochs", "CAM, 1 epoch"]);
  assert.deepEqual(titles(long, trained("b", "cam", null)), [
    "CALM_EM, 30 epochs",
    "CAM, unknown epochs",
  ]);
});
