import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import train, { settingsOf } from "../../cli/train.ts";
import { parseOptions } from "../../cli/options.ts";
import { newPlan } from "../../eval/runs/run_plan.ts";
import { benchmarkSchedule, WSOL_RECIPES } from "../../model/training/wsol_recipes.ts";

const settings = (...args: string[]) => settingsOf(parseOptions(train.spec, args));
const plan = (...args: string[]) => newPlan(settings(...args));

Deno.test("a recipe of the WSOL benchmark decides data set, model, schedule and the method's own", () => {
  assert.equal(WSOL_RECIPES.size, 24);
  for (const { name, dataset, arch, method, settings: { lr } } of WSOL_RECIPES.values()) {
    assert.equal(name, `wsol-${dataset}-${arch}-${method}`);
    const { model, recipe, ...found } = plan("--recipe", name);
    assert.deepEqual([found.dataset, model.arch, model.method], [dataset, arch, method]);
    assert.deepEqual(
      [recipe.lr, recipe.epochs, recipe.lrDecayEvery, recipe.batchSize, recipe.weightDecay],
      [lr, ...(dataset === "cub" ? [50, 15] : [10, 3]), 32, arch === "resnet50" ? 1e-4 : 5e-4],
    );
    assert.equal(recipe.groups, "benchmark");
    assert.equal(model.skipMixed6e, false);
  }
  const { model, recipe } = plan("--recipe", "wsol-cub-resnet50-has");
  assert.equal(model.largeFeatureMap, true);
  assert.deepEqual(recipe.has, { sizes: [120], rate: 0.66 });
  assert.deepEqual(plan("--recipe", "wsol-cub-vgg16-spg").model.spgCuts, [
    { high: 0.29, low: 0.23 },
    { high: 0.03, low: 0.02 },
    { high: 0.82, low: 0.59 },
  ]);
  const cam = plan("--recipe", "wsol-openimages-inception_v3-cam");
  assert.deepEqual([cam.model.benchmark, cam.model.dropout], [true, 0.5]);
  // Without it CAM is the official code's.
  const own = plan("--arch", "inception_v3", "--method", "cam");
  assert.deepEqual([own.model.benchmark, own.model.dropout], [undefined, undefined]);
  assert.deepEqual([own.model.skipMixed6e, own.recipe.groups], [true, undefined]);
});

Deno.test("options beside a recipe win, and those that contradict it are named", () => {
  const args = ["--recipe", "wsol-cub-resnet50-adl", "--dataset", "cub", "--arch", "resnet50"];
  const { model, recipe } = plan(
    ...args,
    ...["--lr", "0.5", "--no-large-feature-map", "--adl-threshold", "0.1", "--epochs", "2"],
  );
  assert.deepEqual([recipe.lr, recipe.epochs, recipe.batchSize], [0.5, 2, 32]);
  assert.deepEqual([model.largeFeatureMap, model.adl], [false, { rate: 0.24, threshold: 0.1 }]);
  const { recipe: { has } } = plan("--recipe", "wsol-cub-vgg16-has", "--has-sizes", "0,16");
  assert.deepEqual(has, { sizes: [0, 16], rate: 0.47 });

  const refused = (message: RegExp, ...more: string[]) =>
    assert.throws(() => settings("--recipe", "wsol-cub-resnet50-cam", ...more), message);
  refused(/--recipe wsol-cub-resnet50-cam is for --arch resnet50, not vgg16/, "--arch", "vgg16");
  refused(/is for --method cam, not has: leave one of them out/, "--method", "has");
  refused(/is for --dataset cub, not birds/, "--dataset", "birds");
  assert.throws(() => settings("--recipe", "wsol-cub-resnet-cam"), {
    message: /There is no recipe "wsol-cub-resnet-cam".*did you mean "wsol-cub-resnet50-cam"/,
  });
  assert.throws(() => settings("--benchmark", "--method", "has"), {
    message: "--benchmark is for cam, not for has",
  });
});

Deno.test("docs/recipes.md lists the recipes of the WSOL benchmark as they are", async () => {
  const page = fileURLToPath(new URL("../../docs/recipes.md", import.meta.url));
  const rows = (await Deno.readTextFile(page)).split("\n")
    .filter((line) => line.includes("`wsol-") && line.startsWith("|"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  const expected = [...WSOL_RECIPES.values()].map(({ name, dataset, arch, settings, doubt }) => {
    const decided = { ...benchmarkSchedule(dataset, arch), "lr": 0, "large-feature-map": false };
    const own = Object.entries(settings).filter(([option]) => !(option in decided))
      .map(([option, value]) => value === true ? `--${option}` : `--${option} ${value}`);
    const map = settings["large-feature-map"] ? "28×28" : "14×14";
    return [`\`${name}\``, String(settings.lr), map, `\`${own.join(" ")}\``, doubt ?? ""];
  });
  assert.deepEqual(rows, expected);
});
