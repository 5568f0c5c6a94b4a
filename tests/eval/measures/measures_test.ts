import assert from "node:assert/strict";
import { rankCorrelation } from "../../../eval/measures/rank_correlation.ts";
import { scoreMask } from "../../../eval/measures/pointing_game.ts";
import {
  format,
  type Table,
  toCsv,
  toMarkdown,
  toText,
} from "../../../eval/present/tables/table.ts";
import { latexText, toLatex } from "../../../eval/present/tables/latex.ts";
import { Records } from "../../../eval/measures/evaluation.ts";
import { expectMeasurable } from "../../../eval/measures/measures.ts";
import { assertClose } from "../../reference/check.ts";

Deno.test("rank correlation: order only, ties share their ranks, constants have none", () => {
  assert.equal(rankCorrelation([1, 5, 2], [10, 1000, 11]), 1);
  assert.equal(rankCorrelation([1, 5, 2], [3, 1, 2]), -1);
  assert.ok(Number.isNaN(rankCorrelation([1, 1, 1], [1, 2, 3])));
  // numpy.corrcoef of the ranks.
  assertClose(
    [rankCorrelation([1, 2, 2, 4, 5, 0], [3, 3, 1, 8, 2, 2])],
    [0.13434332265596974],
    1e-12,
    "ties",
  );
});

Deno.test("pointing game and energy: several highest pixels, negatives, what is ignored", () => {
  const inside = Uint8Array.of(1, 1, 0, 0);
  assert.deepEqual(scoreMask([4, 1, 2, 1], { inside, ignored: null }), [1, 5 / 8, 0.5]);
  assert.deepEqual(scoreMask([3, 1, 3, -5], { inside, ignored: null }), [0.5, 4 / 7, 0.5]);
  const ignored = Uint8Array.of(1, 0, 1, 0);
  assert.deepEqual(scoreMask([3, 1, 9, 1], { inside, ignored }), [1, 4 / 5, 2 / 3]);
  const [pointing, energy] = scoreMask([0, 0, 0, 0], { inside, ignored: null });
  assert.equal(pointing, 0.5, "a map that says nothing scores by chance");
  assert.ok(Number.isNaN(energy));
});

Deno.test("an infinite number is refused, for counts would lose it", () => {
  const records = new Records();
  records.add(0, [1, NaN]);
  assert.throws(() => records.add(7, [0, -Infinity]), /^UserError: Of picture 7 a number is infin/);
  assert.equal(records.size, 1);
});

Deno.test("records are summed in the order of the pictures, whatever order they came in", () => {
  const values = [0.1, 0.2, 0.3, 1e17, -1e17];
  const [forward, backward] = [new Records(), new Records()];
  for (const [i, value] of values.entries()) forward.add(i, [value, NaN]);
  for (const [i, value] of [...values.entries()].reverse()) backward.add(i, [value, NaN]);
  const through = new Records();
  through.merge(JSON.parse(JSON.stringify(backward.tally())));
  assert.equal(backward.means()[0], forward.means()[0]);
  assert.deepEqual(through.means(), forward.means());
  assert.ok(Number.isNaN(through.means()[1]));
  assert.deepEqual(through.undefinedRows(), [0, 5]);
});

Deno.test("maps that are the same for all classes or models are refused where they say nothing", () => {
  for (const kind of ["saliency", "centre"] as const) {
    assert.throws(
      () => expectMeasurable("cue-localization", kind),
      new RegExp(`^UserError: --map is "${kind}", the same map for all classes`),
    );
  }
  for (const what of ["axioms", "randomisation"] as const) {
    assert.throws(
      () => expectMeasurable(what, "centre"),
      new RegExp(`^UserError: --map is "centre", which no model makes: ${what} needs a model's`),
    );
  }
  for (const what of ["wsol", "pointing-game", "remove-and-classify"] as const) {
    expectMeasurable(what, "centre");
  }
});

const TABLE: Table = {
  name: "t",
  title: "Title",
  note: "Note.",
  columns: [{ title: "" }, { title: "a", digits: 1 }, { title: "b" }, { title: "c", digits: 2 }],
  rows: [
    ["CAM, max", 12.345, 0.00012345, { value: 0.5, interval: [0.25, 0.75] }],
    ['say "Y"', NaN, 0, null],
  ],
};

Deno.test("tables as LaTeX: names escaped, the best number bold", () => {
  const columns = TABLE.columns.map((column, i) =>
    i === 1 ? { ...column, better: "higher" as const } : column
  );
  const rows = [["CALM_EM, 50 % & $x_1$", 2, -1, 0], ["CAM", 10, null, 1]];
  assert.equal(
    toLatex({ ...TABLE, title: "A_b", columns, rows }),
    `\\begin{table}
  \\centering
  \\caption{A\\_b. Note.}
  \\label{tab:t}
  \\begin{tabular}{lrrr}
  \\toprule
  model and map & a & b & c \\\\
  \\midrule
  CALM\\textsubscript{EM}, 50 \\% \\& \\$x\\_1\\$ & 2.0 & $-$1.00 & 0.00 \\\\
  CAM & \\textbf{10.0} & – & 1.00 \\\\
  \\bottomrule
  \\end{tabular}
\\end{table}
`,
  );
  assert.equal(
    latexText("a\\b{c}^~#"),
    "a\\textbackslash{}b\\{c\\}\\textasciicircum{}\\textasciitilde{}\\#",
  );
});

Deno.test("tables as Markdown, text and CSV", () => {
  assert.equal(
    toMarkdown(TABLE),
    `## Title

Note.

|          |    a |        b |                 c |
| -------- | ---: | -------: | ----------------: |
| CAM, max | 12.3 | 0.000123 | 0.50 [0.25, 0.75] |
| say "Y"  |    – |        0 |                 – |
`,
  );
  assert.equal(
    toText(TABLE),
    `Title         a          b                   c
CAM, max   12.3   0.000123   0.50 [0.25, 0.75]
say "Y"       –          0                   –`,
  );
  assert.equal(
    toCsv(TABLE),
    'model and map,a,b,c,c low,c high\r\n"CAM, max",12.345,0.00012345,0.5,0.25,0.75\r\n"say ""Y""",,0,,,\r\n',
  );
  const rounded = { ...TABLE, rows: [["r", 39.12631718341168, 1 / 3, 0]] };
  assert.match(toCsv(rounded), /\r\nr,39\.12632,0\.3333333,0\r\n$/);
  assert.equal(format(1234.5, { title: "" }), "1.23e+3");
});
