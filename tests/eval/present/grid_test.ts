import assert from "node:assert/strict";
import { Typesetter } from "../../../eval/present/pictures/fonts.ts";
import { type Cell, drawGrid, type Grid } from "../../../eval/present/pictures/grid.ts";

const cell: Cell = { picture: { width: 2, height: 2, data: new Uint8Array(12) } };
const setter = await Typesetter.load();

/** The texts of a drawn grid with their places, in pixels. */
async function textsOf(grid: Grid) {
  const { svg } = await drawGrid(grid);
  const found = svg.matchAll(
    /<text x="([\d.]+)" y="([\d.]+)" font-size="([\d.]+)"( font-weight="bold")?[^>]*>([^<]*)</g,
  );
  return [...found].map(([, x, y, size, bold, text]) => ({
    ...{ x: Number(x), y: Number(y), text },
    width: setter.width(text, { size: Number(size), bold: bold !== undefined }),
  }));
}

Deno.test("a text is as wide as the font says", () => {
  // Table hmtx, 2048 units to the em: "H" advances by 1540, "i" by 569, bold "H" by 1714.
  assert.equal(setter.width("Hi", { size: 2048 }), 1540 + 569);
  assert.equal(setter.width("H", { size: 1024, bold: true }), 1714 / 2);
});

Deno.test("lines are as long as they fit", () => {
  const style = { size: 12, bold: true };
  const lines = (text: string) => setter.lines(text, style, 108);
  assert.deepEqual(lines("CALM_EM em-0"), ["CALM_EM em-0"]);
  assert.deepEqual(lines("CALM_EM paper-0"), ["CALM_EM", "paper-0"]);
  assert.deepEqual(lines("CALM_EM birds-calm-em-seed3"), ["CALM_EM", "birds-calm-em-", "seed3"]);
  const joined = lines("abcdefghijklmnopqrstuvwxyz");
  assert.equal(joined.join(""), "abcdefghijklmnopqrstuvwxyz");
  for (const [i, line] of joined.entries()) {
    assert.ok(setter.width(line, style) <= 108);
    const next = joined[i + 1]?.[0];
    assert.ok(!next || setter.width(line + next, style) > 108, "not broken too early");
  }
  assert.deepEqual(setter.lines("ab", style, 1), ["a", "b"], "a letter is a line at least");
});

Deno.test("texts of a grid stay in their columns, whatever their length", async () => {
  const long = "a-run-of-twenty-epochs-with-a-name-that-says-everything-about-it";
  const words = "Integrated gradient of CALM_EM with everything";
  const texts = await textsOf({
    title: [`${words} ${words} ${words}`, `${long}, ${long}, small-resnet`],
    columns: [{ title: words, formula: long }, { title: "CAM", formula: "run" }],
    rows: [
      { label: `CALM_EM ${long}`, cells: [{ ...cell, caption: [words, long] }, cell] },
      { label: "CAM", cells: [cell, cell] },
    ],
  });
  const [label, first, second] = [16, 132, 356];
  assert.deepEqual([...new Set(texts.map(({ x }) => x))].sort((a, b) => a - b), [
    label,
    first,
    second,
  ]);
  const heading = texts.find(({ text }) => text === "CAM")!;
  for (const { x, y, text, width } of texts) {
    const end = x === label ? (y < heading.y - 20 ? 580 : first) : x === first ? second : 580;
    assert.ok(x + width < end, text);
  }
  // The titles of columns end at one height, and their formulas begin at one.
  const ofFirst = texts.filter(({ x }) => x === first);
  assert.equal(ofFirst.find(({ text }) => text.endsWith("everything"))!.y, heading.y);
  assert.equal(texts.find(({ text }) => text === "run")!.y, heading.y + 16);
  // No two lines of a column are upon each other.
  for (const a of texts) {
    for (const b of texts) assert.ok(a === b || a.x !== b.x || Math.abs(a.y - b.y) >= 15);
  }
});
