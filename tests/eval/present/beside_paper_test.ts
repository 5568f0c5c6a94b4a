import assert from "node:assert/strict";
import { officialCueOptions } from "../../../eval/measures/cues/cue_localization.ts";
import type { Measured, MeasureOptions } from "../../../eval/measures/measures.ts";
import type { AttributionKind } from "../../../eval/maps/kinds.ts";
import { type Method, METHODS } from "../../../model/methods.ts";
import { type MeasuredModel, rowTitle } from "../../../eval/present/tables/rows.ts";
import {
  LOCALIZATION,
  LOCALIZATION_DATA,
  type LocalizationData,
} from "../../../eval/present/tables/paper.ts";
import { publishedTable } from "../../../eval/present/tables/published_table.ts";
import { type Table, toMarkdown } from "../../../eval/present/tables/table.ts";
import { buildTables } from "../../../eval/present/tables/tables.ts";

function modelOf(arch: string, measured: unknown[], label = arch): MeasuredModel {
  return {
    label,
    subject: {
      checkpoint: "0",
      arch,
      method: "cam",
      prior: "relu",
      largeFeatureMap: false,
      skipMixed6e: false,
      acolThreshold: null,
      epochs: null,
      dataset: "cub",
      classes: ["a", "b"],
      crop: 224,
      batchSize: 8,
      blur: 0,
      seed: 0,
      supersets: null,
    },
    measured: measured as Measured[],
  };
}

function cues(compatible: boolean, kind: "cam" | "gradient" = "cam") {
  return {
    what: "cue-localization",
    options: { pairs: [], options: officialCueOptions("cam", kind, compatible) },
    result: {
      pairs: [],
      mpxap: { "1": 1, "2": 2, "3": 3, mean: 2 },
      pairsWithoutPictures: 4,
      images: 9,
    },
  };
}

function boxes(
  mean: number,
  { testOptimal = null, ...changes }:
    & { readonly testOptimal?: number | null }
    & Partial<
      MeasureOptions["wsol"]
    > = {},
) {
  const shares = (mean: number) => ({ "30": mean, "50": mean, "70": mean, mean, single50: mean });
  const accuracy = { ...shares(mean), thresholds: {}, top1: shares(mean / 2), testOptimal: null };
  return {
    what: "wsol",
    options: { kind: "cam", step: 0.001, upscaling: "linear", ...changes },
    result: {
      boxes: {
        ...accuracy,
        testOptimal: testOptimal && { ...accuracy, ...shares(testOptimal) },
      },
      pxap: null,
      images: 9,
    },
  };
}

/** What a table has in a row and a column, by their titles. */
function cellOf({ columns, rows }: Table, row: string, column: string) {
  const at = columns.findIndex(({ title }) => title === column);
  assert.ok(at > 0, `no ${column} in ${columns.map(({ title }) => title)}`);
  const found = rows.filter(([title]) => title === row);
  assert.equal(found.length, 1, row);
  return found[0][at];
}

const titles = ({ columns }: Table) => columns.map(({ title }) => title);

Deno.test("Table 1's numbers stand unmarked only beside the official evaluator's count of ResNet50", () => {
  const [same] = buildTables([modelOf("resnet50", [cues(true)])]);
  assert.deepEqual(titles(same).slice(-4), ["paper 1", "paper 2", "paper 3", "paper mean"]);
  assert.match(same.note, /Paper: Table 1 of the paper \(CUB, ResNet50/);
  assert.doesNotMatch(same.note, /†/);
  assert.match(same.note, /in no mean: 4\./);
  assert.deepEqual(same.rows[0].slice(5), [
    "stretched, even bins, official count",
    24.1,
    28.3,
    32.2,
    29.6,
  ]);

  const [other] = buildTables([modelOf("vgg16_bn", [cues(false), cues(false, "gradient")])]);
  assert.deepEqual(titles(other).slice(-4), [
    "paper 1 †",
    "paper 2 †",
    "paper 3 †",
    "paper mean †",
  ]);
  for (
    const difference of [
      /vgg16_bn instead of ResNet50/,
      /counted exactly/,
      /gradient maps as they are/,
    ]
  ) {
    assert.match(other.note, difference);
  }
});

Deno.test("Table 3 as published has ours beside it, by architecture and mean of the three", () => {
  const three = ["inception_v3_bn", "resnet50", "vgg16"].map((arch, i) =>
    modelOf(arch, [boxes(30 * (i + 1)), boxes(12, { kind: "centre" })])
  );
  const [own, table] = buildTables(three);
  assert.equal(cellOf(own, "CAM, mean of three architectures", "MaxBoxAccV2"), 60);
  assert.equal(cellOf(own, "CAM, mean of three architectures", "top-1, IoU 50"), 30);
  assert.equal(own.rows.length, 5, "the centre baseline once");
  assert.match(toMarkdown(own), /\| CAM, mean of three architectures \| +60\.0 \|/);
  assert.deepEqual(titles(table), [
    ...["", "vgg16 here", "VGG16", "inception_v3_bn here", "Inception-v3"],
    ...["resnet50 here", "ResNet50", "mean here", "mean", "paper"],
  ]);
  const row = (title: string) => table.rows.find(([first]) => first === title)!.slice(1);
  assert.deepEqual(row("CAM"), [90, 63.7, 30, 56.7, 60, 63.0, 60, 61.1, 61.1]);
  assert.deepEqual(row("Centre baseline"), [12, 59.7, 12, 59.7, 12, 59.7, 12, 59.7, null]);
  assert.deepEqual(row("CALM_EM + Y").filter((cell) => cell !== null), [65.4]);
  assert.equal(table.rows.length, Object.keys(LOCALIZATION).length, "every published row");
  assert.doesNotMatch(table.note, /†/);

  const two = publishedOf([...three.slice(0, 2), modelOf("small-resnet", [boxes(7)])]);
  assert.equal(cellOf(two, "CAM", "small-resnet here"), 7);
  assert.equal(cellOf(two, "CAM", "mean here"), null, "of two there is no mean of three");

  const seeds = publishedOf([4, 6].map((mean) => modelOf("vgg16", [boxes(mean)], `${mean}`)));
  assert.equal(cellOf(seeds, "CAM", "vgg16 here"), 5);

  const cubic = publishedOf(
    three.map(({ label }) => modelOf(label, [boxes(1, { upscaling: "cubic", step: 0.01 })])),
  );
  assert.equal(titles(cubic).at(-1), "paper †");
  assert.match(cubic.note, /thresholds 0\.01 apart instead of 0\.001; cubic interpolation/);
});

function publishedOf(models: readonly MeasuredModel[]): Table {
  return buildTables(models).find(({ name }) => name === "table3_published")!;
}

Deno.test("thresholds from elsewhere: the best ones of these pictures stand beside them", () => {
  const [own, table] = buildTables([modelOf("resnet50", [boxes(40, { testOptimal: 50 })])]);
  assert.equal(cellOf(own, "CAM", "MaxBoxAccV2"), 40);
  assert.equal(cellOf(own, "CAM", "MaxBoxAccV2, test-optimal"), 50);
  assert.match(own.note, /the best of other pictures; test-optimal: the best on these very/);
  assert.equal(cellOf(table, "CAM", "resnet50 here"), 50, "published numbers are test-optimal");
});

Deno.test("published means are those of the architectures, to rounding", () => {
  for (const [key, { title, benchmark, paper }] of Object.entries(LOCALIZATION)) {
    const [method, kind] = key.split(" ");
    if (METHODS.includes(method as Method)) {
      assert.equal(title, rowTitle(method as Method, kind as AttributionKind));
    }
    for (const dataset of Object.keys(LOCALIZATION_DATA) as LocalizationData[]) {
      if (!benchmark) continue;
      const [vgg, inception, resnet, mean] = benchmark[dataset];
      const what = `${title}, ${dataset}`;
      // Differences were rounded before CAM was added to them.
      assert.ok(Math.abs((vgg + inception + resnet) / 3 - mean) < 0.1 + 1e-9, what);
      const papers = paper?.[dataset];
      if (typeof papers === "number") assert.ok(Math.abs(papers - mean) < 0.1 + 1e-9, what);
    }
  }
});

Deno.test("docs/table3.md has the published tables", async () => {
  const page = await Deno.readTextFile(new URL("../../../docs/table3.md", import.meta.url));
  const words = (text: string) => text.replace(/-{3,}/g, "-").split(/\s+/).join(" ");
  for (const dataset of Object.keys(LOCALIZATION_DATA) as LocalizationData[]) {
    const table = toMarkdown(publishedTable(dataset));
    assert.ok(words(page).includes(words(table)), `expected:\n${table}`);
  }
});
