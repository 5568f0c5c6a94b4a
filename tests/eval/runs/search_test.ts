import assert from "node:assert/strict";
import { join } from "node:path";
import { ranked, tableOf } from "../../../eval/runs/search/outcome.ts";
import { runDraws, type Trainer } from "../../../eval/runs/search/run_draws.ts";
import { beginSearch, type Search } from "../../../eval/runs/search/search.ts";
import { drawSettings, type Space } from "../../../eval/runs/search/space.ts";
import type { TrainingSettings } from "../../../eval/runs/run_plan.ts";
import type { Method } from "../../../model/methods.ts";
import type { Settings } from "../../../model/training/recipe.ts";
import { DivergedError } from "../../../model/training/trainer.ts";

const spaceOf = (method: Method, more: Partial<Space> = {}): Space => ({
  method,
  parts: new Set([method]),
  hasLargeMap: false,
  crop: 224,
  ...more,
});

const DRAWS = 2000;
const drawn = (space: Space, fixed: Settings = {}, seed = 0) =>
  Array.from({ length: DRAWS }, (_, draw) => drawSettings(space, { seed, draw, fixed }));

/** Checks that numbers are spread evenly over [low, high]: tenths of the range, and both ends. */
function assertUniform(values: readonly number[], low: number, high: number): void {
  const shares = Array(10).fill(0);
  for (const value of values) {
    assert.ok(value >= low && value <= high, `${value}`);
    shares[Math.min(9, Math.floor(10 * (value - low) / (high - low)))]++;
  }
  // Standard deviation 13.4: five of them.
  for (const count of shares) assert.ok(Math.abs(count - DRAWS / 10) < 67, `${shares}`);
}

const column = (draws: readonly Settings[], name: string) =>
  draws.map((each) => Number(each[name]));

Deno.test("learning rates are log-uniform, maps of both sizes, each method has its own ranges", () => {
  const cam = drawn(spaceOf("cam", { hasLargeMap: true }));
  assert.deepEqual(Object.keys(cam[0]), ["lr", "large-feature-map"]);
  assertUniform(column(cam, "lr").map(Math.log10), -5, 0);
  const large = cam.filter((each) => each["large-feature-map"] === true).length;
  assert.ok(Math.abs(large - DRAWS / 2) < 112, `${large}`);

  const has = drawn(spaceOf("has"));
  assert.deepEqual(Object.keys(has[0]), ["lr", "has-grid-size", "has-drop-rate"]);
  assertUniform(column(has, "has-grid-size"), 0, 224);
  assert.ok(has.every((each) => Number.isInteger(each["has-grid-size"])));
  assertUniform(column(has, "has-drop-rate"), 0, 1);
  assertUniform(column(drawn(spaceOf("acol")), "acol-threshold"), 0, 1);
  const adl = drawn(spaceOf("calm-em", { parts: new Set(["calm-em", "adl"]) }));
  assertUniform(column(adl, "adl-drop-rate"), 0, 1);
  assertUniform(column(adl, "adl-threshold"), 0, 1);

  const cutmix = drawn(spaceOf("cutmix"));
  assertUniform(column(cutmix, "cutmix-beta").map((beta) => 1 / (beta + 0.5)), 0, 2);
  assertUniform(column(cutmix, "cutmix-prob"), 0, 1);

  const spg = drawn(spaceOf("spg"));
  for (const map of [1, 2, 3]) {
    const low = column(spg, `spg-threshold-${map}l`);
    const high = column(spg, `spg-threshold-${map}h`);
    assertUniform(low, 0, 1);
    assertUniform(high.map((value, i) => (value - low[i]) / (1 - low[i])), -1e-4, 1 + 1e-4);
    assert.ok(high.every((value, i) => value >= low[i]));
  }
});

Deno.test("a setting depends on seed, method and draw, not on what else is fixed", () => {
  const spg = spaceOf("spg");
  const all = drawSettings(spg, { seed: 1, draw: 4, fixed: {} });
  const { lr: _, ...rest } = all;
  assert.deepEqual(drawSettings(spg, { seed: 1, draw: 4, fixed: { lr: 0.1 } }), rest);
  const low = drawn(spg, { "spg-threshold-2h": 0.2 });
  assertUniform(column(low, "spg-threshold-2l"), 0, 0.2);
  const others = [
    drawSettings(spg, { seed: 2, draw: 4, fixed: {} }),
    drawSettings(spg, { seed: 1, draw: 5, fixed: {} }),
    drawSettings(spaceOf("cam"), { seed: 1, draw: 4, fixed: {} }),
  ];
  assert.equal(new Set([all, ...others].map(({ lr }) => lr)).size, 4);
  const sizes = drawSettings(spaceOf("has"), { seed: 0, draw: 0, fixed: { "has-sizes": "0,16" } });
  assert.deepEqual(Object.keys(sizes), ["lr", "has-drop-rate"]);
});

/** A trainer that counts, whose score is a function of the learning rate; above 0.1 it diverges. */
function fakeTrainer(stopAfter = Infinity) {
  const stop = new AbortController();
  const trained: number[] = [];
  const resumed: string[] = [];
  const train: Trainer = async ({ recipe: { lr }, out, resume }) => {
    if (resume !== undefined) resumed.push(resume);
    if (trained.length === stopAfter) {
      stop.abort();
      await Deno.mkdir(out!, { recursive: true });
      await Deno.writeTextFile(join(out!, "checkpoint.safetensors"), "");
      return null;
    }
    trained.push(lr!);
    if (lr! > 0.1) throw new DivergedError("The loss became NaN");
    return { measure: "MaxBoxAccV2", value: -Math.log10(lr!) };
  };
  const events = { signal: stop.signal, onLine() {}, onResult() {}, onProgress() {} };
  return { trained, resumed, run: { train, events } };
}

async function withSearch(body: (search: (out: string) => Search) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body((out) => ({
      out: join(folder, out),
      space: spaceOf("adl"),
      ...{ seed: 0, draws: 12, fixed: { dataset: "birds", arch: "small-resnet" } },
      settingsOf: ({ lr }) => ({ recipe: { lr } }) as unknown as TrainingSettings,
    }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const WHOLE = { index: 0, count: 1 };

Deno.test("stopped or in shards, a search has the same draws, and trains none of them twice", () =>
  withSearch(async (searchIn) => {
    const whole = await runDraws(searchIn("whole"), WHOLE, fakeTrainer().run);
    assert.equal(whole.length, 12);
    assert.ok(whole.some(({ failure }) => failure === "The loss became NaN"));

    const first = fakeTrainer(5);
    const second = fakeTrainer();
    const stopped = searchIn("stopped");
    assert.deepEqual(await runDraws(stopped, WHOLE, first.run), whole.slice(0, 5));
    assert.deepEqual(await runDraws(stopped, WHOLE, second.run), whole);
    assert.deepEqual(
      [...first.trained, ...second.trained],
      whole.map(({ settings }) => settings.lr),
    );

    const halfTrained = join(stopped.out, "draw-005", "checkpoint.safetensors");
    assert.deepEqual([first.resumed, second.resumed], [[], [halfTrained]]);

    const sharded = searchIn("sharded");
    for (const index of [2, 0]) {
      const part = await runDraws(sharded, { index, count: 3 }, fakeTrainer().run);
      assert.deepEqual(part, whole.filter((_, i) => i % 3 === index));
    }
    const missing = fakeTrainer();
    assert.deepEqual(await runDraws(sharded, WHOLE, missing.run), whole);
    assert.equal(missing.trained.length, 4);
    assert.deepEqual(
      await runDraws({ ...sharded, draws: 14 }, WHOLE, fakeTrainer().run).then((all) => all.length),
      14,
    );
  }));

Deno.test("the best draw comes first, failures last; a table says so", () =>
  withSearch(async (searchIn) => {
    const search = searchIn("whole");
    const draws = ranked(await runDraws(search, WHOLE, fakeTrainer().run));
    const rates = draws.filter(({ score }) => score).map(({ settings }) => Number(settings.lr));
    assert.deepEqual(rates, rates.toSorted((a, b) => a - b));
    const { rows, note, columns } = tableOf(search, { draws, test: null, command: null });
    assert.deepEqual(columns.map(({ title }) => title), [
      ...["draw", "MaxBoxAccV2", "lr", "adl-drop-rate", "adl-threshold"],
    ]);
    const failed = rows.filter(([, score]) => score === null).length;
    assert.ok(failed > 0 && rows.slice(-failed).every(([, score]) => score === null));
    assert.match(note, new RegExp(`Training of ${failed} of 12 draws left the numbers`));
    const none = { draws: draws.slice(-failed), test: null, command: null };
    assert.match(tableOf(search, none).note, /^There is no draw to choose/);
  }));

Deno.test("another search's folder and damaged outcomes are refused", () =>
  withSearch(async (searchIn) => {
    const search = { ...searchIn("one"), draws: 1 };
    await beginSearch(search);
    await beginSearch({ ...search, draws: 2 });
    await assert.rejects(beginSearch({ ...search, fixed: { ...search.fixed, lr: 0.1 } }), {
      message: /holds another search: --lr is not there and 0\.1 here; choose another --out/,
    });
    await assert.rejects(beginSearch({ ...search, seed: 1 }), {
      message: /--seed is 0 there and 1/,
    });

    const run = () => runDraws(search, WHOLE, fakeTrainer().run);
    await run();
    const path = join(search.out, "draw-000", "draw.json");
    const { settings, ...outcome } = JSON.parse(await Deno.readTextFile(path));
    const rewrite = (value: unknown) => Deno.writeTextFile(path, JSON.stringify(value));
    await rewrite({ ...outcome, settings: { ...settings, lr: 0.5 } });
    await assert.rejects(run(), { message: /is of another version's draw: --lr is 0\.5 there/ });
    await rewrite({ ...outcome, settings, score: { measure: "MaxBoxAccV2", value: 101 } });
    await assert.rejects(run(), { message: /score\.value is 101, expected a number/ });
    await Deno.writeTextFile(path, "{");
    await assert.rejects(run(), { message: /draw\.json is damaged: it is no JSON/ });
  }));
