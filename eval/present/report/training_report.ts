import type { SheetRow } from "../pictures/contact_sheet.ts";
import { methodKind } from "../../../model/methods.ts";
import type { Table } from "../tables/table.ts";
import type { FinishedTraining } from "./finished_training.ts";
import { colourScales, exampleCard, openingPicture } from "./examples.ts";
import { mapWords } from "./map_words.ts";
import { type Content, type Markup, markup, withSubscripts } from "./markup.ts";
import { page, section } from "./page.ts";
import { adapterSection, settingsSection } from "./settings.ts";
import { shellWord } from "./shell.ts";
import { LEGEND_OF_TABLES, tableMarkup } from "./table_html.ts";
import { trainingCharts } from "./training_charts.ts";
import { duration, percentage, TABLE_WORDS } from "./words.ts";
import type { AttributionKind } from "../../maps/kinds.ts";

/** Report of a training run as an HTML document. */
export async function trainingReport(run: FinishedTraining): Promise<string> {
  const { dataset, options, recipe, progress, test, rows, kinds, tables } = run;
  const method = methodKind(options.method).title;
  const opening = bestRow(rows);
  const cards = await Promise.all(
    rows.map((row) => exampleCard(row, kinds, dataset.classes)),
  );
  return page({
    heading: `${method} on ${dataset.name}`,
    lead: lead(run, method),
    picture: opening && await openingPicture(opening, kinds[0], dataset.classes),
    sections: [
      section(
        "Where the model looks",
        markup`<p>Test pictures, which the model was not trained on, with its maps for the true class
ŷ of each. p is the probability of the class that it predicts.</p>`,
        mapList(kinds, dataset.classes.length),
        ...colourScales(dataset.classes.length),
        markup`<div class="cards">${cards}</div>`,
      ),
      section(
        "How it learned",
        trainingCharts(progress, {
          ...{ method: options.method, recipe, testAccuracy: test.accuracy },
          cells: rows[0] ? cellsOf(rows[0], kinds[0]) : 1,
        }),
      ),
      ...(tables.length > 0 ? [mapsSection(tables)] : []),
      settingsSection(run),
      adapterSection(run),
      commands(run),
    ],
  });
}

/** The first screen: what this is, how to read a map, and how well the model does. */
function lead(run: FinishedTraining, method: string): Content {
  const { dataset, test, seconds, resumedAt, recipe, adapter, kinds } = run;
  const brighter = kinds[0] === "joint"
    ? "the brighter, the more probable that the cue for this class was here"
    : "the brighter, the more this place speaks for the class";
  const since = resumedAt > 0 ? ` since epoch ${resumedAt}` : "";
  const time = seconds === null ? "" : ` in ${duration(seconds)}${since},`;
  const hardware = `${adapter.description}${adapter.fallback ? " (a software adapter)" : ""}`;
  const classes = dataset.classes.length;
  const learned = classes > 1
    ? `learned to tell ${classes} classes apart, and maps show why it decides as it does`
    : "was shown one class only, which it tells from nothing; maps show what it sees";
  return [
    markup`<p>A ${withSubscripts(method)} model ${learned}: ${brighter}.</p>
`,
    markup`<p class="result"><strong>${percentage(test.accuracy)}</strong> of ${
      count(dataset.testImages)
    } test pictures classified right</p>
`,
    markup`<p class="quiet">Trained on ${count(dataset.trainImages)} pictures of ${dataset.name} for
${recipe.epochs} epochs,${time} on ${hardware}.</p>`,
  ];
}

/** Of the pictures that were classified right the surest; else the first. */
function bestRow(rows: readonly SheetRow[]): SheetRow | null {
  const surety = ({ label, explanation: { predicted, probabilities } }: SheetRow) =>
    predicted === label ? probabilities[label] : -1;
  return rows.toSorted((a, b) => surety(b) - surety(a))[0] ?? null;
}

function cellsOf({ maps }: SheetRow, kind: AttributionKind): number {
  return maps.get(kind)!.values.length;
}

function mapList(kinds: readonly AttributionKind[], classes: number): Markup {
  const items = kinds.map((kind) => {
    const { name, formula, meaning } = mapWords(kind);
    return markup`<li><strong>${name}</strong>, <i>${formula}</i>: the brighter, ${meaning}</li>\n`;
  });
  const formula = kinds[0] === "joint" ? "p(ŷ, z | x) − p(y′, z | x)" : "f − f′";
  const rather = classes > 1
    ? markup`<li><strong>rather than</strong>, <i>${formula}</i>: why this class and not y′,
the likeliest other one. Red places speak for it, blue ones for y′.</li>`
    : null;
  return markup`<ul>${items}${rather}</ul>`;
}

function mapsSection(tables: readonly Table[]): Markup {
  return section(
    "How good its maps are",
    LEGEND_OF_TABLES,
    ...tables.map((table) => [
      markup`<h3>${table.title}</h3>
<p>${TABLE_WORDS[table.name] ?? null}</p>
`,
      tableMarkup(table),
      markup`<p class="quiet">${table.note}</p>`,
    ]),
  );
}

function commands({ dataset, recipe, ...run }: FinishedTraining): Markup {
  const [checkpoint, out] = [shellWord(run.checkpoint), shellWord(run.out)];
  const data = `--dataset ${dataset.name} --data ${shellWord(dataset.root)}`;
  const command = (what: string, text: string) =>
    markup`<p>${what}</p>
<pre><code>${text}</code></pre>
`;
  return section(
    "How to go on",
    command(
      "Maps of pictures of your own:",
      `./calm explain --checkpoint ${checkpoint} PICTURE.jpg`,
    ),
    command(
      "The same in a browser, cell by cell; drop the checkpoint on the page:",
      "./calm viewer",
    ),
    command(
      "Every measure of this model, with a report of its own:",
      `./calm eval all ${data} --checkpoint ${checkpoint}`,
    ),
    command(
      "More epochs, from where this run stopped:",
      `./calm train --resume ${out} --epochs ${recipe.epochs + 10}`,
    ),
  );
}

function count(pictures: number): string {
  return pictures.toLocaleString("en");
}
