import assert from "node:assert/strict";
import type { Dataset, Split } from "../../../data/dataset.ts";
import { UserError } from "../../../engine/errors.ts";
import { Random } from "../../../engine/random.ts";
import {
  mergeCounts,
  readCounts,
  resultsOf,
  saveCounts,
} from "../../../eval/measures/job/counts.ts";
import type { Counts, Job, Shard } from "../../../eval/measures/job/job.ts";
import { OWN_DELETION } from "../../../eval/measures/job/plan.ts";
import { runJob } from "../../../eval/measures/job/run_job.ts";
import type { Json } from "../../../eval/measures/evaluation.ts";
import type { Measure } from "../../../eval/measures/measures.ts";
import { buildModel, type ModelOptions } from "../../../model/build.ts";
import { gpuTest } from "../../gpu.ts";

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
    prior: "relu",
    largeFeatureMap: false,
    skipMixed6e: false,
    acolThreshold: null,
    epochs: null,
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

gpuTest(
  "counts that were tampered with are refused by field, or have the same results",
  async (gpu) => {
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
      // With its own checksum, as if it had been written so.
      const changed = async (change: (file: Counts & Record<string, unknown>) => void) => {
        const file = JSON.parse(text);
        change(file);
        await saveCounts(path, file);
        return { ...JSON.parse(await Deno.readTextFile(path)), format: file.format };
      };
      type Loose = Record<string, unknown>;
      await refused(text.slice(0, 500), /counts\.json is damaged: it is no JSON/);
      await refused([], /counts\.json is damaged: it is \[\], expected an object/);
      await refused(
        await changed((file) => file.format = "x"),
        /format is "x", expected "calm-counts-4"/,
      );
      await refused(
        await changed((file) => file.format = "calm-counts-3"),
        /counts of another version of this program: its format is "calm-counts-3".*measure anew/,
      );
      await refused(
        await changed((file) => (file as Loose).shard = null),
        /damaged: shard is null, expected an object/,
      );
      await refused(
        await changed((file) => ((file.passes[0] as Loose).done as number[])[1] = 0),
        /passes\[0\]\.done\[1\] is 0, expected each batch once/,
      );
      await refused(
        await changed((file) => (file.passes[0].tallies as unknown[][])[0] = [[0, "64.0", 1, 0]]),
        /passes\[0\]\.tallies\[0\]\[0\]\[1\] is "64\.0", expected a number/,
      );
      await refused(
        await changed((file) =>
          (file.job.passes[0].measures[1].options as Loose).kind = "constructor"
        ),
        /measures\[1\]\.options\.kind is "constructor", expected one of joint,/,
      );

      const tally = (m: number) => (file: Counts) => file.passes[0].tallies[m] as unknown[][];
      await refused(
        await changed((file) => tally(0)(file)[0][2] = null),
        /tallies\[0\]\[0\]\[2\] is null, expected a whole number from 0 to 1/,
      );
      await refused(
        await changed((file) => tally(0)(file)[0][1] = -3),
        /tallies\[0\]\[0\]\[1\] is -3, expected a number from 0/,
      );
      await refused(
        await changed((file) => tally(1)(file)[0][0] = 900),
        /tallies\[1\]\[0\]\[0\] is 900, expected a picture of the batches in done/,
      );
      await refused(
        await changed((file) => tally(3)(file)[0][0] = 1),
        /tallies\[3\]\[0\]\[0\] is 1, expected a multiple of 2/,
      );
      await refused(
        await changed((file) => (file.passes[0] as Loose).batches = 2 ** 53 - 1),
        /passes\[0\]\.batches is 9007199254740991, expected a whole number from 0 to 10000000/,
      );
      await refused(
        await changed((file) => (file.passes[0] as Loose).batches = 9_000_000),
        /hold 5 of 9000000 batches: run or finish --shard 0\/1$/,
      );
      await refused(
        text.replace('"seed":3', '"seed":4'),
        /checksum is "[0-9a-f]+…, expected that of its contents, which were changed/,
      );
      const deep = "[".repeat(100_000) + "]".repeat(100_000);
      await refused(text.replace('"seed":3', `"seed":3,"x":${deep}`), /checksum is /);
      await refused(
        text.replace('"seed":3', `"seed":${deep}`),
        /seed is \[{57}…, expected a whole number/,
      );
      await everyPlace(JSON.parse(text), path);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

/**
 * Puts odd values into every place of counts in turn: the file is refused as it stands, or has the
 * same results; and written as if it had been so, no value ends in a stack trace.
 */
async function everyPlace(sound: Record<string, unknown>, path: string): Promise<void> {
  const read = async () => resultsOf(mergeCounts([{ path, counts: await readCounts(path) }]));
  const places: (string | number)[][] = [];
  const walk = (value: unknown, place: (string | number)[]) => {
    if (place.length > 0) places.push(place);
    if (typeof value !== "object" || value === null) return;
    const keys = Array.isArray(value) ? value.keys().take(3) : Object.keys(value);
    for (const key of keys) walk((value as Record<string | number, unknown>)[key], [...place, key]);
  };
  walk(sound, []);
  assert.ok(places.length > 60, `${places.length} places`);
  await Deno.writeTextFile(path, JSON.stringify(sound));
  const expected = await read();
  for (const place of places) {
    for (const odd of [null, "x", -1, 0, 7, 1.5, 1e300, 2 ** 53 - 1, [], {}, true, [[]]]) {
      const file = structuredClone(sound);
      const [last, ...rest] = place.toReversed();
      // deno-lint-ignore no-explicit-any -- as loose as JSON
      rest.toReversed().reduce((at: any, key) => at[key], file)[last] = odd;
      const what = `${place.join(".")} = ${JSON.stringify(odd)}`;
      await Deno.writeTextFile(path, JSON.stringify(file));
      await read().then(
        (results) => assert.deepEqual(results, expected, what),
        (error) => assert.ok(error instanceof UserError, `${what}: ${error}`),
      );
      await saveCounts(path, file as unknown as Counts);
      await read().catch((error) => assert.ok(error instanceof UserError, `${what}: ${error}`));
    }
  }
}

Deno.test("counts of boxes, masks and pairs hold no more than their pictures", async () => {
  const kind = "cam" as const;
  const measures: Measure[] = [
    {
      what: "cue-localization",
      options: {
        pairs: [{ classes: [0, 1], parts: [1] }, { classes: [1, 2], parts: [2, 3] }],
        options: { kind, minMax: true, thresholds: "even", step: 0.25 },
      },
    },
    { what: "wsol", options: { kind, step: 0.25, upscaling: "linear" } },
    { what: "pointing-game", options: { kind } },
  ];
  const pixels = 224 ** 2;
  const [bins, zeros] = [[5, 0, 0, 0, 1, 0], [pixels - 6, 0, 0, 0, 0, 0]];
  const none = { pictures: 0, hits: bins.map(() => 0), misses: bins.map(() => 0) };
  const cues = { images: 2, pairs: [{ pictures: 1, hits: bins, misses: zeros }, none] };
  const wsol = {
    images: 2,
    boxes: {
      images: 1,
      hits: Array.from({ length: 4 }, () => [1, 0, 1, 0]),
      top1: Array.from({ length: 4 }, () => [1, 0, 0, 0]),
    },
    pixels: { hits: bins, misses: zeros },
  };
  const pass = { ...job.passes[0], measures };
  const tallies: Json[] = [cues, wsol, [[0, 1, null, 0.5]]];
  const counts = (changed: Json[] = []): Counts => ({
    job: { ...job, passes: [pass] },
    shard: whole,
    passes: [{ batches: 1, done: [0], tallies: tallies.map((tally, m) => changed[m] ?? tally) }],
  });
  const folder = await Deno.makeTempDir();
  const path = `${folder}/counts.json`;
  try {
    const refused = async (changed: Json[], message: RegExp) => {
      await saveCounts(path, counts(changed));
      await assert.rejects(readCounts(path), message);
    };
    await refused([{ ...cues, images: 3 }], /images is 3, expected a whole number from 0 to 2/);
    await refused(
      [{ ...cues, pairs: [{ ...cues.pairs[0], pictures: 2 }, none] }],
      /pairs\[0\] is .*, expected 100352 pixels in all, found 50176/,
    );
    await refused([{ ...cues, pairs: [none] }], /pairs is .*, expected a list of 2/);
    await refused(
      [{ ...cues, pairs: [{ ...none, hits: [0] }, none] }],
      /pairs\[0\]\.hits is \[0\], expected a list of 6/,
    );
    await refused(
      [cues, { ...wsol, images: 1 }],
      /pixels is .*, expected no more than 0 pixels/,
    );
    await refused(
      [cues, { ...wsol, boxes: { ...wsol.boxes, top1: Array(4).fill([0, 1, 0, 0]) } }],
      /boxes\.top1\[0\]\[1\] is 1, expected a whole number from 0 to 0/,
    );
    await refused(
      [cues, { ...wsol, boxes: { ...wsol.boxes, top1: [] } }],
      /boxes\.top1 is \[\], expected a list of 4/,
    );
    await refused(
      [cues, { ...wsol, boxes: { ...wsol.boxes, images: 0 } }],
      /boxes\.hits\[0\]\[0\] is 1, expected a whole number from 0 to 0/,
    );
    await refused([cues, wsol, [[0, 2, 1, 1]]], /\[0\]\[1\] is 2, expected a number from 0/);
    await saveCounts(path, counts());
    await everyPlace(JSON.parse(await Deno.readTextFile(path)), path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assert.throws(
    () =>
      mergeCounts([{ path: "a", counts: counts() }, {
        path: "b",
        counts: { ...counts(), passes: [{ batches: 2, done: [1], tallies }] },
      }]),
    /b is of 2 batches and a of 1: they are of different data/,
  );
});
