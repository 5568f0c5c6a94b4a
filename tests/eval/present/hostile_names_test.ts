import assert from "node:assert/strict";
import { decodePicture } from "../../../data/codecs.ts";
import type { Explanation } from "../../../eval/maps/explain.ts";
import { escape } from "../../../eval/present/escape.ts";
import { classWords } from "../../../eval/present/class_words.ts";
import { contactSheet } from "../../../eval/present/pictures/contact_sheet.ts";
import { drawGrid } from "../../../eval/present/pictures/grid.ts";
import { svgToPdf } from "../../../eval/present/pictures/pdf.ts";
import { exampleCard, openingPicture } from "../../../eval/present/report/examples.ts";
import { lineChart } from "../../../eval/present/report/line_chart.ts";
import { page, section } from "../../../eval/present/report/page.ts";
import { type Table, toCsv, toMarkdown, toText } from "../../../eval/present/tables/table.ts";
import { expectSelfContained, parseMarkup } from "./markup_check.ts";

/** Names as hostile or careless files have them. */
const NAMES = [
  '001.<img src=x onerror=alert(1)>"><script>alert(1)</script>',
  '003.=HYPERLINK("http://evil","x"),|]]>&lt;',
  "004.</svg></title><script>fetch('//evil')</script>'`$(touch ./PWN)`",
  "]]>",
  "nul \0 bell \x07 escape \x1b[31m tab \t",
  "two\nlines\r\nand three",
  "half \ud83d a pair, the other \udc26, \uffff",
  "\u202eright to left",
  "\u05e6\u05d9\u05e4\u05d5\u05e8",
  "🐦".repeat(500),
  "x".repeat(100_000),
  "",
];

const picture = { width: 8, height: 8, data: new Uint8Array(192).fill(90) };
const map = { width: 2, height: 2, values: Float32Array.of(0, 0.1, 0.2, 0.3) };
const probabilities = Float32Array.from(NAMES, () => 1 / NAMES.length);
const explanation: Explanation = { probabilities, predicted: 0, map: () => map };
const maps = new Map([["joint" as const, map]]);
const rows = NAMES.map((_, label) => ({ picture, label, explanation, maps }));

Deno.test("pictures with names of any characters are well-formed and can be drawn", async () => {
  const sheet = await contactSheet(rows, {
    kinds: ["joint"],
    classNames: NAMES,
    title: [NAMES[1], NAMES[4]],
  });
  const grid = await drawGrid({
    title: [NAMES[3], NAMES[4]],
    columns: [{ title: NAMES[0], formula: NAMES[3] }],
    rows: NAMES.slice(0, 9).map((name) => ({
      label: name.slice(0, 60),
      cells: [{ picture, caption: [name] }],
    })),
  });
  for (const { svg, png } of [sheet, grid]) {
    const elements = parseMarkup(svg);
    assert.deepEqual(elements.filter(({ name }) => ["script", "img"].includes(name)), []);
    assert.ok((await decodePicture(png, "drawn")).width > 100);
    assert.ok((await svgToPdf(svg)).length > 1000);
  }
});

Deno.test("pages with names of any characters are well-formed and run nothing", async () => {
  const text = page({
    heading: NAMES[4],
    lead: NAMES,
    picture: await openingPicture(rows[6], "joint", NAMES),
    sections: [
      ...await Promise.all(
        rows.map(async (row) =>
          section(NAMES[row.label], await exampleCard(row, ["joint"], NAMES))
        ),
      ),
    ],
  });
  expectSelfContained(text);
  for (const name of NAMES) {
    const series = [{ name, points: [[0, 1], [1, 2]] as const }];
    const chart = { title: name, xLabel: name, yLabel: name, series, width: 400, height: 300 };
    parseMarkup(lineChart(chart));
  }
});

Deno.test("what XML cannot write becomes U+FFFD, and nothing else does", () => {
  assert.equal(escape("a\0b\x1b\t\n\r"), "a\ufffdb\ufffd\t\n\r");
  assert.equal(escape("\ud83d\udc26 \ud83d \udc26 \ufffe"), "\ud83d\udc26 \ufffd \ufffd \ufffd");
  assert.equal(escape(`]]><&"'`), "]]&gt;&lt;&amp;&quot;'");
});

Deno.test("class names as words: cut between characters, isolated where they turn the line", () => {
  assert.equal(classWords("017.Marsh_Wren"), "Marsh Wren");
  assert.equal(classWords("🐦".repeat(3), 3), "🐦🐦🐦");
  assert.equal(classWords("🐦".repeat(4), 3), "🐦🐦…");
  assert.equal(classWords("a\u202eb"), "\u2068ab\u2069");
  assert.equal(classWords("1.\u05d0_\u05d1"), "\u2068\u05d0 \u05d1\u2069");
});

Deno.test("tables with names of any characters keep their rows", () => {
  const table: Table = {
    name: "t",
    title: "T",
    note: "",
    columns: [{ title: "" }, { title: "number" }],
    rows: NAMES.slice(0, 10).map((name, i) => [name, i]),
  };
  const markdown = toMarkdown(table).trimEnd().split("\n").slice(4);
  assert.equal(markdown.length, 2 + 10);
  for (const line of markdown) assert.equal(line.match(/(?<!\\)\|/g)!.length, 3, line);
  assert.equal(toText(table).split("\n").length, 1 + 10);
  assert.doesNotMatch(toText(table).replaceAll("\n", ""), /\p{Cc}/u);
  // A record ends at an end of line outside of quotes.
  const csv = toCsv(table);
  const records = csv.match(
    /(?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*\r\n/g,
  )!;
  assert.equal(records.join(""), csv);
  assert.equal(records.length, 1 + 10);
  assert.ok(csv.includes('"two\nlines\r\nand three",5\r\n'));
  const carriage = toCsv({ ...table, rows: [["a\rb", 1]] });
  assert.equal(carriage, 'model and map,number\r\n"a\rb",1\r\n');
});
