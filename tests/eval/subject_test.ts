import assert from "node:assert/strict";
import { describeSubject } from "../../eval/job/subject.ts";
import type { ModelOptions } from "../../model/build.ts";
import { sha256 } from "../../weights/sha256.ts";

Deno.test("counts of two tables of weights in one file are of different subjects", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "weights");
    const hash = await sha256(path);
    const options: ModelOptions = {
      arch: "small-resnet",
      method: "cam",
      prior: "relu",
      detachNormaliser: true,
      classes: 1,
    };
    const subjectOf = async (dictionary?: string) => {
      const data = { name: "birds", classes: ["a"] } as const;
      const opened = { options, crop: 32, dictionary };
      return (await describeSubject(path, opened, data, { batchSize: 1, supersets: null }))
        .checkpoint;
    };
    assert.equal(await subjectOf(), hash);
    assert.equal(await subjectOf("model"), `${hash} model`);
    assert.equal(await subjectOf("model_ema"), `${hash} model_ema`);
  } finally {
    await Deno.remove(path);
  }
});
