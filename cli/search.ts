import { join } from "node:path";
import type { Command } from "./command.ts";
import { Interrupted } from "../engine/errors.ts";
import { backboneKind } from "../model/backbones/list.ts";
import { openGpu } from "../model/open_gpu.ts";
import { openModel } from "../model/stored/open_model.ts";
import { CHECKPOINT } from "../model/stored/run_files.ts";
import type { Settings } from "../model/training/recipe.ts";
import { benchmarkSchedule } from "../model/training/wsol_recipes.ts";
import { shellWord } from "../eval/present/report/shell.ts";
import { toText } from "../eval/present/tables/table.ts";
import { newPlan, runName, type TrainingSettings } from "../eval/runs/run_plan.ts";
import { expectOwnTables, ranked, saveTable, tableOf } from "../eval/runs/search/outcome.ts";
import { runDraws } from "../eval/runs/search/run_draws.ts";
import { scoreOnTest, type TestScore, trainAndScore } from "../eval/runs/search/score.ts";
import { beginSearch, folderOf, type Search } from "../eval/runs/search/search.ts";
import { openSearchedData } from "../eval/runs/search/searched_data.ts";
import type { RunEvents } from "../eval/runs/train_and_save.ts";
import type { Dataset } from "../data/dataset.ts";
import { untilInterrupted } from "./interrupts.ts";
import { partsOf } from "./method_options.ts";
import { type OptionTable, type ParsedOptions, withDefaults } from "./options.ts";
import { percent, Progress, tell, tellResult } from "./progress.ts";
import { shardOf } from "./shard.ts";
import { TRAINING_OPTIONS, trainingSettings } from "./training_options.ts";

/** Options that say how something is done, not what comes of it. */
const WITHOUT_EFFECT = ["data", "save-every", "skip-corrupt", "workers", "memory-limit"];

/** Thresholds that do not contradict a given one, where the others are not drawn yet. */
const WIDEST: Settings = Object.fromEntries(
  [1, 2, 3].flatMap((map) => [[`spg-threshold-${map}l`, 0], [`spg-threshold-${map}h`, 1]]),
);

const OPTIONS: OptionTable = {
  draws: { type: "integer", min: 1, help: "how many settings to draw and train with", default: 30 },
  ...TRAINING_OPTIONS,
  seed: { type: "integer", min: 0, help: "of the draws, and of training", default: 0 },
  "hold-out": {
    type: "integer",
    min: 1,
    help: "training pictures of each class to choose on, where a data set has no others for that " +
      "(default 5)",
  },
  shard: {
    type: "text",
    value: "I/N",
    help: "train part I (from 0) of N only; without it what is missing is trained, and reported",
  },
  out: { type: "text", value: "DIR", help: "its folder (default runs/search-DATASET-METHOD)" },
};

/** `./calm search`. */
const search: Command = {
  spec: {
    name: "search",
    summary:
      "Searches a method's settings as the WSOL benchmark does: draws the learning rate, the " +
      "size of the maps and the method's own settings, trains with each draw, and takes the one " +
      "whose maps localize best on pictures that are not trained on. What is given is not drawn. " +
      "Stopped, the same command goes on.",
    options: OPTIONS,
    examples: [
      "./calm search --method has --draws 10 --epochs 10",
      "./calm search --method adl --lr 0.02 --out runs/adl",
      "./calm search --dataset cub --data ~/wsol --arch resnet50 --method cam \\\n" +
      "      --benchmark --pretrained resnet50-19c8e357.pth --shard 3/16",
    ],
  },
  run,
};

export default search;

async function run(options: ParsedOptions): Promise<Record<string, unknown>> {
  const progress = new Progress();
  return await untilInterrupted(
    (signal) => searchUntil(signal, options, progress),
    () => tell("Stopping after this step; Ctrl-C again stops at once."),
  );
}

async function searchUntil(
  signal: AbortSignal,
  options: ParsedOptions,
  progress: Progress,
): Promise<Record<string, unknown>> {
  const events: RunEvents = {
    signal,
    onLine: tell,
    onResult: tellResult,
    onProgress: ({ label, share, accuracy }) =>
      progress.update(label, share, accuracy === undefined ? "" : `accuracy ${percent(accuracy)}`),
  };
  const shard = shardOf(options);
  const { search, dataset, settings, commandOf } = await prepare(options, events);
  await expectOwnTables(search.out);
  await beginSearch(search);
  const draws = await runDraws(search, shard, { train: trainAndScore, events });
  if (signal.aborted) throw stopped();
  const result = { out: search.out, draws: ranked(draws) };
  if (shard.count > 1) {
    tellResult(
      `Part ${shard.index} of ${shard.count} is done, ${draws.length} draws; when all are, the ` +
        "same command without --shard reports",
    );
    return { ...result, shard: [shard.index, shard.count] };
  }
  const [chosen] = result.draws;
  const test = chosen.score && await testScore(folderOf(search, chosen.index), {
    dataset,
    settings,
    events,
  });
  const command = chosen.score && commandOf(chosen.settings);
  const table = tableOf(search, { draws, test, command });
  const file = await saveTable(search.out, table);
  tellResult(`${toText(table)}\n\n${table.note}\n\n${file} has the table`);
  return {
    ...result,
    chosen: test && { draw: chosen.index, test, command },
    table: file,
    failed: test === null,
  };
}

/** What the command line asks for. */
async function prepare(options: ParsedOptions, events: RunEvents): Promise<{
  readonly search: Search;
  readonly dataset: Dataset;
  readonly settings: TrainingSettings;
  readonly commandOf: (drawn: Settings) => string;
}> {
  const asked = trainingSettings(withDefaults(options, WIDEST));
  const { dataset: name, model: { arch, method }, seed } = asked;
  const { dataset, perClass } = await openSearchedData(asked, events);
  const same: Settings = {
    ...{ dataset: name, arch, method },
    ...benchmarkSchedule(name, arch),
    ...(perClass !== undefined && { "hold-out": perClass }),
    ...given(options),
  };
  const fixed = Object.fromEntries(
    Object.entries(same).filter(([option]) => !WITHOUT_EFFECT.includes(option)),
  );
  const settingsOf = (drawn: Settings) =>
    trainingSettings(withDefaults(options, { ...same, ...drawn }));
  const settings = settingsOf(WIDEST);
  const plan = newPlan(settings);
  return {
    dataset,
    settings,
    search: {
      out: options.text("out") ?? join("runs", `search-${runName(plan)}`),
      space: {
        method,
        parts: partsOf(options, method),
        hasLargeMap: backboneKind(arch).hasLargeMap,
        crop: plan.recipe.transform.crop,
      },
      ...{ seed, fixed, settingsOf },
      draws: options.quantity("draws"),
    },
    commandOf: (drawn) => `./calm train ${words({ ...same, seed, ...drawn }).join(" ")}`,
  };
}

/** The options of training that were given, by name. */
function given(options: ParsedOptions): Settings {
  return Object.fromEntries(
    Object.entries(TRAINING_OPTIONS)
      .filter(([name]) => name !== "seed" && options.has(name))
      .map(([name, { type }]) => [
        name,
        type === "flag"
          ? options.flag(name)
          : type === "text" || type === "choice"
          ? options.text(name)!
          : options.number(name)!,
      ]),
  );
}

/** Settings as a command line has them. */
function words(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    if (typeof value !== "boolean") return [`--${name}`, shellWord(String(value))];
    return value ? [`--${name}`] : [];
  });
}

async function testScore(folder: string, { dataset, settings, events }: {
  readonly dataset: Dataset;
  readonly settings: TrainingSettings;
  readonly events: RunEvents;
}): Promise<TestScore> {
  const checkpoint = join(folder, CHECKPOINT);
  const gpu = await openGpu();
  try {
    const opened = await openModel(gpu, checkpoint);
    const { skipCorrupt } = settings;
    const score = await scoreOnTest({ ...opened, checkpoint, dataset }, { skipCorrupt }, events);
    opened.model.dispose();
    if (!score) throw stopped();
    return score;
  } finally {
    gpu.destroy();
  }
}

function stopped(): Interrupted {
  return new Interrupted("Stopped; the same command goes on");
}
