import { inOrder, type MeasuredModel } from "../tables/rows.ts";
import type { Table } from "../tables/table.ts";
import { erasingCharts, randomisationCharts } from "./evaluation_charts.ts";
import { type Markup, markup, withSubscripts } from "./markup.ts";
import { definitions, page, section } from "./page.ts";
import { LEGEND_OF_TABLES, tableMarkup } from "./table_html.ts";
import { TABLE_WORDS } from "./words.ts";
import { methodKind } from "../../../model/methods.ts";

const OWN_MAPS =
  "A model’s own map is the one it classifies with: the joint map p(ŷ, z | x) of CALM, " +
  "the scores f of CAM. The others are made of the same model by other methods; + Y adds up the " +
  "maps of the classes that share a superset with the true one.";

/** Report of an evaluation as an HTML document: all tables, and charts of the curves. */
export function evaluationReport(
  unordered: readonly MeasuredModel[],
  tables: readonly Table[],
): string {
  const models = inOrder(unordered);
  const [{ subject }] = models;
  const [overview, ...erasing] = erasingCharts(models);
  const charts: Readonly<Record<string, readonly Markup[]>> = {
    "figure5_remove_and_classify": erasing,
    "parameter_randomisation": randomisationCharts(models),
  };
  return page({
    heading: `How good are the maps? ${subject.dataset}, ${subject.arch}`,
    lead: [
      markup`<p>A map shows where a model saw the cue for a class: the brighter, the more probable
that the cue was here. This page measures how far such maps can be believed, for each model and each
way to make maps of it.</p>`,
      overview
        ? markup`<p>One measure is drawn here: the pixels that a map calls most important are erased.
The further the accuracy falls below that of random erasing (1), the better the map.</p>`
        : null,
    ],
    picture: overview ?? null,
    sections: [
      section("Models", modelList(models), markup`<p>${OWN_MAPS}</p>`, LEGEND_OF_TABLES),
      ...tables.map((table) => tableSection(table, charts[table.name] ?? [])),
      section("How to go on", ...commands(subject.dataset)),
    ],
  });
}

function tableSection(table: Table, charts: readonly Markup[]): Markup {
  return section(
    table.title,
    markup`<p>${TABLE_WORDS[table.name] ?? null}</p>`,
    charts.length > 0 ? markup`<div class="charts">${charts}</div>` : null,
    tableMarkup(table),
    markup`<p class="quiet">${table.note}</p>`,
  );
}

function modelList(models: readonly MeasuredModel[]): Markup {
  return definitions(
    models.map(({ label, subject: { method, arch, classes, crop, checkpoint, batchSize } }) => [
      label,
      [
        withSubscripts(methodKind(method).title),
        `, ${arch}; ${classes.length} classes, pictures of ${crop}×${crop} pixels, batches of `,
        `${batchSize}. Checkpoint’s SHA-256: `,
        markup`<code>${checkpoint.slice(0, 16)}…</code>`,
      ],
    ]),
  );
}

function commands(dataset: string): Markup[] {
  return [
    markup`<p>Maps of pictures of your own, and a measure by itself:</p>`,
    markup`<pre><code>./calm explain --checkpoint FILE PICTURE…
./calm eval cue-localization --dataset ${dataset} --checkpoint FILE --map joint,grad-cam</code></pre>`,
    markup`<p>The numbers to compute with are beside this page: <code>tables.md</code>, a
<code>.csv</code> of each table, and all that was measured in <code>results.json</code>.</p>`,
  ];
}
