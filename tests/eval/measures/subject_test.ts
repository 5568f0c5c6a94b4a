import assert from "node:assert/strict";
import { describeSubject } from "../../../eval/measures/job/subject.ts";
import type { ModelOptions } from "../../../model/build.ts";
import { sha256 } from "../../../weights/sha256.ts";

const OPTIONS: ModelOptions = {
  arch: "small-resnet",
  method: "cam",
  prior: "relu",
  detachNormaliser: true,
  classes: 1,
};
const DATA = { name: "birds", classes: ["a"] } as const;
const SETTINGS = { batchSize: 1, supersets: null };

Deno.test("counts of one file taken with another prior or another form are of other subjects", async () => {
  const path = await Deno.makeTempFile();
  try {
    const subjectOf = async (said: Partial<ModelOptions>) => {
      const opened = { options: { ...OPTIONS, ...said }, crop: 32 };
      return JSON.stringify(await describeSubject(path, opened, DATA, SETTINGS));
    };
    const subjects = [
      await subjectOf({}),
      await subjectOf({ prior: "softplus" }),
      await subjectOf({ largeFeatureMap: true }),
      await subjectOf({ skipMixed6e: true }),
      await subjectOf({ acolThreshold: 0.6 }),
    ];
    assert.equal(new Set(subjects).size, subjects.length);
    assert.equal(await subjectOf({ largeFeatureMap: false, skipMixed6e: false }), subjects[0]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("counts of two tables of weights in one file are of different subjects", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "weights");
    const hash = await sha256(path);
    const subjectOf = async (dictionary?: string) => {
      const opened = { options: OPTIONS, crop: 32, dictionary };
      return (await describeSubject(path, opened, DATA, SETTINGS)).checkpoint;
    };
    assert.equal(await subjectOf(), hash);
    assert.equal(await subjectOf("model"), `${hash} model`);
    assert.equal(await subjectOf("model_ema"), `${hash} model_ema`);
  } finally {
    await Deno.remove(path);
  }
});
