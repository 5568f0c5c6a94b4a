import assert from "node:assert/strict";
import type { Dataset, Split } from "../../data/dataset.ts";
import { UserError } from "../../engine/errors.ts";
import { Random } from "../../engine/random.ts";
import {
  type Counts,
  mergeCounts,
  readCounts,
  resultsOf,
  saveCounts,
  type Shard,
} from "../../eval/job/counts.ts";
import { type Job, runJob } from "../../eval/job/job.ts";
import { OWN_DELETION } from "../../eval/job/plan.ts";
import { buildModel, type ModelOptions } from "../../model/build.ts";
import { gpuTest } from "../gpu.ts";

const OPTIONS: ModelOptions = {
  arch: "small-resnet",
  method: "cam",
  prior: "softplus",
  detachNormaliser: false,
  classes: 3,
};
const COUNT = 9;
const random = Random.of(12);
const split: Split = {
  name: "test",
  ids: Array.from({ length: COUNT }, (_, n) => `${n}`),
  labels: Uint32Array.from({ length: COUNT }, (_, n) => n % 3),
  source: {
    kind: "memory",
    pixels: Uint8Array.from({ length: COUNT * 16 * 16 * 3 }, () => random.int(256)),
    width: 16,
    height: 16,
    channels: 3,
  },
};
const dataset: Dataset = {
  name: "noise",
  root: "nowhere",
  classes: ["a", "b", "c"],
  train: split,
  test: split,
};
const job: Job = {
  subject: {
    checkpoint: "0123",
    arch: "small-resnet",
    method: "cam",
    dataset: "noise",
    classes: dataset.classes,
    crop: 16,
    batchSize: 2,
    blur: 0,
    seed: 3,
    supersets: null,
  },
  passes: [{
    split: "test",
    pairedOnly: false,
    choosesThresholds: false,
    measures: [
      { what: "classification", options: {} },
      {
        what: "remove-and-classify",
        options: { kind: "cam", baseline: "noise", k: [20, 60], seed: 4 },
      },
      {
        what: "deletion-insertion",
        options: { ...OWN_DELETION, kind: "var-grad", steps: 2, seed: 0 },
      },
      { what: "axioms", options: { kind: "grad-cam++", every: 2 } },
      { what: "randomisation", options: { kind: "cam", every: 5 } },
    ],
  }],
};
const whole: Shard = { index: 0, count: 1 };

gpuTest(
  "a job in shards, or stopped and gone on with, gives the numbers of the whole",
  async (gpu) => {
    const model = buildModel(gpu, OPTIONS, 9);
    const opened = { model, options: OPTIONS };
    const expected = resultsOf(await runJob(job, opened, dataset, { shard: whole }));
    const parts: { path: string; counts: Counts }[] = [];
    for (const index of [3, 1, 0, 2]) {
      const counts = await runJob(job, opened, dataset, { shard: { index, count: 4 } });
      parts.push({ path: `${index}.json`, counts });
    }
    const done = parts.map(({ counts }) => counts.passes[0].done);
    assert.deepEqual(done, [[3], [1], [0, 4], [2]]);
    assert.deepEqual(resultsOf(mergeCounts(parts)), expected);

    const countsFile = await Deno.makeTempFile({ suffix: ".json" });
    await Deno.remove(countsFile);
    try {
      const stop = new AbortController();
      const seen: number[] = [];
      const onProgress = (share: number) => {
        seen.push(share);
        if (share > 3 / 5 - 1e-9) stop.abort();
      };
      const run = { shard: whole, countsFile, onProgress, signal: stop.signal };
      await runJob(job, opened, dataset, run);
      assert.deepEqual((await readCounts(countsFile)).passes[0].done, [0, 1, 2]);
      assert.ok(seen.length === 3 * job.passes[0].measures.length, "told of every measure");
      assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
      const rest: number[] = [];
      const counts = await runJob(job, opened, dataset, {
        shard: whole,
        countsFile,
        onProgress: (share, { done, of }) => {
          rest.push(share);
          assert.equal(of, 9);
          assert.ok(done >= 6 && done <= 9);
        },
      });
      assert.ok(rest[0] > 3 / 5 && rest.at(-1) === 1, "only what was left");
      assert.deepEqual(resultsOf(counts), expected);
      assert.deepEqual(resultsOf(await readCounts(countsFile)), expected, "through the file");

      const other = { ...job, subject: { ...job.subject, batchSize: 3 } };
      await assert.rejects(
        runJob(other, opened, dataset, { shard: whole, countsFile }),
        /holds counts of another evaluation: batchSize is 2 there and 3 here/,
      );
      const fewer = { ...job, passes: [{ ...job.passes[0], measures: [] }] };
      await assert.rejects(
        runJob(fewer, opened, dataset, { shard: whole, countsFile }),
        /of other measures or options/,
      );
      await assert.rejects(
        runJob(job, opened, dataset, { shard: { index: 1, count: 2 }, countsFile }),
        /holds shard 0\/1: choose another file/,
      );
      await Deno.writeTextFile(countsFile, "{");
      await assert.rejects(readCounts(countsFile), /is damaged: it is no JSON/);
      await Deno.writeTextFile(countsFile, "{}");
      await assert.rejects(readCounts(countsFile), /holds no counts of an evaluation/);
    } finally {
      await Deno.remove(countsFile).catch(() => {});
    }

    assert.throws(
      () => mergeCounts(parts.slice(1)),
      /hold 4 of 5 batches: run or finish --shard 3\/4$/,
    );
    assert.throws(
      () => mergeCounts([...parts, { ...parts[1], path: "again.json" }]),
      /1\.json and again\.json both hold batch 1/,
    );
    await assert.rejects(
      runJob(
        { ...job, passes: [{ ...job.passes[0], split: "val" }] },
        opened,
        dataset,
        { shard: whole },
      ),
      /nowhere has no val split/,
    );
    model.dispose();
  },
);

gpuTest("counts that were tampered with are refused by field, or are sound counts", async (gpu) => {
  const model = buildModel(gpu, OPTIONS, 9);
  const counts = await runJob(job, { model, options: OPTIONS }, dataset, { shard: whole });
  model.dispose();
  const folder = await Deno.makeTempDir();
  const path = `${folder}/counts.json`;
  try {
    await saveCounts(path, counts);
    const text = await Deno.readTextFile(path);
    const read = async (content: unknown) => {
      await Deno.writeTextFile(
        path,
        typeof content === "string" ? content : JSON.stringify(content),
      );
      return resultsOf(mergeCounts([{ path, counts: await readCounts(path) }]));
    };
    await read(text);
    const refused = (content: unknown, message: RegExp) =>
      assert.rejects(read(content), (error) => {
        assert.ok(error instanceof UserError, `${error}`);
        assert.match(error.message, message);
        return true;
      });
    const changed = (change: (file: Counts & Record<string, unknown>) => void) => {
      const file = JSON.parse(text);
      change(file);
      return file;
    };
    type Loose = Record<string, unknown>;
    await refused(text.slice(0, 500), /counts\.json is damaged: it is no JSON/);
    await refused([], /counts\.json is damaged: it is \[\], expected an object/);
    await refused(changed((file) => file.format = "x"), /format is "x", expected "calm-counts-2"/);
    await refused(
      changed((file) => (file as Loose).shard = null),
      /damaged: shard is null, expected an object/,
    );
    await refused(
      changed((file) => ((file.passes[0] as Loose).done as number[])[1] = 0),
      /passes\[0\]\.done\[1\] is 0, expected each batch once/,
    );
    await refused(
      changed((file) => (file.passes[0].tallies as unknown[][])[0] = [[0, "64.0", 1, 0]]),
      /passes\[0\]\.tallies\[0\]\[0\]\[1\] is "64\.0", expected a number/,
    );
    await refused(
      changed((file) => (file.job.passes[0].measures[1].options as Loose).kind = "constructor"),
      /measures\[1\]\.options\.kind is "constructor", expected one of joint,/,
    );

    // Every place in turn: no stack traces.
    const places: (string | number)[][] = [];
    const walk = (value: unknown, place: (string | number)[]) => {
      places.push(place);
      if (typeof value !== "object" || value === null) return;
      const keys = Array.isArray(value) ? value.keys().take(3) : Object.keys(value);
      for (const key of keys) walk((value as Loose)[key], [...place, key]);
    };
    walk(JSON.parse(text), []);
    assert.ok(places.length > 80);
    for (const place of places.slice(1)) {
      for (const odd of [null, "x", -1, 1.5, 1e300, [], {}, true, [[]]]) {
        const file = JSON.parse(text);
        const [last, ...rest] = place.toReversed();
        rest.toReversed().reduce((at, key) => at[key], file)[last] = odd;
        await read(file).catch((error) => {
          assert.ok(
            error instanceof UserError,
            `${place.join(".")} = ${JSON.stringify(odd)}: ${error}`,
          );
        });
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
