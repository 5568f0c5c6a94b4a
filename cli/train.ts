import { join } from "node:path";
import type { Command } from "./command.ts";
import { UserError } from "../engine/errors.ts";
import { PRESET_NAMES } from "../model/training/recipe.ts";
import { findRecipe, WSOL_RECIPES } from "../model/training/wsol_recipes.ts";
import { CHECKPOINT } from "../model/stored/run_files.ts";
import { duration } from "../eval/present/report/words.ts";
import { planRun, type TrainingSettings } from "../eval/runs/run_plan.ts";
import { trainAndReport } from "../eval/runs/training_run.ts";
import { untilInterrupted } from "./interrupts.ts";
import { type ParsedOptions, withDefaults } from "./options.ts";
import { showProfile } from "./profile.ts";
import { percent, Progress, tell, tellResult } from "./progress.ts";
import { TRAINING_OPTIONS, trainingSettings } from "./training_options.ts";

/** `./calm train`. */
const train: Command = {
  spec: {
    name: "train",
    summary: "Trains CAM or CALM and shows where the model looks. Without options: CALM_EM on a " +
      "generated data set of birds.",
    options: {
      ...TRAINING_OPTIONS,
      recipe: {
        type: "text",
        value: "NAME",
        help: `numbers of the paper's code (${PRESET_NAMES.join(", ")}), or a method of the WSOL ` +
          "benchmark: wsol-DATASET-ARCH-METHOD (docs/recipes.md)",
      },
      out: { type: "text", value: "DIR", help: "folder of the run (default runs/DATASET-METHOD)" },
      resume: {
        type: "text",
        value: "FILE",
        help: "checkpoint or run folder to go on from, with its own settings",
      },
      profile: {
        type: "flag",
        help: "print the time of each kernel over three steps; trace.json in the run's folder",
      },
      "dry-run": {
        type: "flag",
        help: "print parameters, GPU memory and work of a step, and stop",
      },
    },
    examples: [
      "./calm train",
      "./calm train --dataset fashion-mnist --method calm-ml",
      "./calm train --dataset cub --data ~/CUB_200_2011 --recipe cub \\\n" +
      "      --arch resnet50 --large-feature-map \\\n" +
      "      --pretrained resnet50-19c8e357.pth --micro-batch 16",
      "./calm train --resume runs/birds-calm-em --epochs 40",
    ],
  },
  run,
};

export default train;

async function run(options: ParsedOptions): Promise<Record<string, unknown>> {
  const progress = new Progress();
  return await untilInterrupted(
    (signal) => trainUntil(signal, options, progress),
    () => tell("Stopping after this step; Ctrl-C again stops at once."),
  );
}

async function trainUntil(
  signal: AbortSignal,
  options: ParsedOptions,
  progress: Progress,
): Promise<Record<string, unknown>> {
  const told = { signal, onLine: tell, onResult: tellResult };
  if (options.flag("dry-run")) {
    return await planRun(settingsOf(options), {
      ...told,
      onProgress: ({ label, share }) => progress.update(label, share, ""),
    });
  }
  const settings = settingsOf(options);
  const doubt = WSOL_RECIPES.get(options.text("recipe") ?? "")?.doubt;
  if (doubt !== undefined) tell(`The recipe's numbers are not certain: ${doubt}`);
  return await trainAndReport(settings, {
    ...told,
    ...(options.flag("profile") && {
      async onProfile({ spans, adapter, folder }) {
        if (spans.length === 0) {
          tell("No profile: the run was over before the first steps had warmed up.");
          return;
        }
        const trace = join(folder, "trace.json");
        await showProfile(spans, { adapter: adapter.description, trace });
      },
    }),
    onProgress({ label, share, loss, accuracy, negativeLogLikelihood, ...pace }) {
      const { imagesPerSecond, secondsLeft } = pace;
      // The EM loss says little (see the report), and a line has 80 columns.
      const main = negativeLogLikelihood === undefined
        ? `loss ${loss?.toFixed(3)}`
        : `−log p ${negativeLogLikelihood.toFixed(3)}`;
      const numbers = loss === undefined ? "" : `${main}  accuracy ${percent(accuracy!)}  ` +
        `${imagesPerSecond!.toFixed(0)} images/s  ${duration(secondsLeft!)} left`;
      progress.update(label, share, numbers);
    },
  });
}

/** Options that a resumed run may have. */
const CHANGEABLE = [
  "resume",
  "epochs",
  "json",
  "skip-corrupt",
  "save-every",
  "workers",
  "memory-limit",
  "profile",
  "dry-run",
  "data",
];

/** What a command line of `./calm train` asks for. */
export function settingsOf(options: ParsedOptions): TrainingSettings {
  const resume = options.text("resume");
  const refused = Object.keys(train.spec.options)
    .find((name) => options.has(name) && !CHANGEABLE.includes(name));
  if (resume !== undefined && refused) {
    // A resumed run has the settings it was begun with, or it would not be the same run.
    throw new UserError(`--${refused} cannot change a run that is resumed with --resume`);
  }
  return {
    ...withRecipe(options),
    out: options.text("out"),
    resume: resume === undefined || /\.(safetensors|pt|pth|tar)$/.test(resume)
      ? resume
      : join(resume, CHECKPOINT),
  };
}

/** Settings of the recipe if one is named, and what is given beside it. */
function withRecipe(options: ParsedOptions): TrainingSettings {
  const name = options.text("recipe");
  if (name === undefined) return trainingSettings(options);
  const recipe = findRecipe(name);
  if (typeof recipe === "string") return trainingSettings(options, recipe);
  const { dataset, arch, method } = recipe;
  const decided = { dataset, arch, method };
  for (const [option, value] of Object.entries(decided)) {
    const given = options.text(option) ?? value;
    if (given !== value) {
      throw new UserError(
        `--recipe ${name} is for --${option} ${value}, not ${given}: leave one of them out`,
      );
    }
  }
  return trainingSettings(withDefaults(options, { ...decided, ...recipe.settings }));
}
