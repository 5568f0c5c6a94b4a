import assert from "node:assert/strict";
import { officialCueOptions } from "../../../eval/measures/cues/cue_localization.ts";
import type { Measured } from "../../../eval/measures/measures.ts";
import type { MeasuredModel } from "../../../eval/present/tables/rows.ts";
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

function boxes(mean: number, changes = {}) {
  return {
    what: "wsol",
    options: { kind: "cam", step: 0.001, upscaling: "linear", ...changes },
    result: {
      boxes: { "30": mean, "50": mean, "70": mean, mean, single50: mean, thresholds: {} },
      pxap: null,
      images: 9,
      thresholdsFromElsewhere: false,
    },
  };
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

Deno.test("Table 3's means stand beside our mean of the same three architectures", () => {
  const three = ["inception_v3_bn", "resnet50", "vgg16"].map((arch, i) =>
    modelOf(arch, [boxes(30 * (i + 1))])
  );
  const [table] = buildTables(three);
  assert.equal(titles(table).at(-1), "paper");
  assert.deepEqual(table.rows.map((row) => row.at(-1)), [null, null, null, 61.1]);
  assert.deepEqual(table.rows[3].slice(0, 2), ["CAM, mean of three architectures", 60]);
  assert.match(toMarkdown(table), /\| CAM, mean of three architectures \| +60\.0 \|/);

  const [two] = buildTables(three.slice(0, 2));
  assert.equal(titles(two).at(-1), "paper †");
  assert.match(two.note, /inception_v3_bn, resnet50 instead of a mean over three architectures/);
  assert.deepEqual(two.rows.map((row) => row.at(-1)), [61.1, 61.1]);

  const [cubic] = buildTables(
    three.map(({ label }) => modelOf(label, [boxes(1, { upscaling: "cubic", step: 0.01 })])),
  );
  assert.equal(titles(cubic).at(-1), "paper †");
  assert.match(cubic.note, /thresholds 0\.01 apart instead of 0\.001; cubic interpolation/);
});
