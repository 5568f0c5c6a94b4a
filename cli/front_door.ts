import config from "../deno.json" with { type: "json" };

/** Everything that `./calm` does, by what a person wants, a line each. */
const TASKS: readonly (readonly [group: string, tasks: Readonly<Record<string, string>>])[] = [
  ["Train and look", {
    train: "trains CAM or CALM and shows where the model looks",
    search: "trains with settings that it draws, and takes the best",
    explain: "draws where a model looks in pictures of yours",
    viewer: "explores a model in the browser",
  }],
  ["Measure", {
    eval: "accuracy and how good maps are: the paper's tables, and more",
    figure: "draws figures of the paper with your models and data",
  }],
  ["Data and weights", {
    data: "draws the birds, or checks a data set's folder",
    weights: "says what is in a checkpoint, and what it fits",
    convert: "copies checkpoints between safetensors and PyTorch",
  }],
  ["GPUs and shaders", {
    doctor: "reports the adapter and what to do about problems",
    bench: "times networks, layers and shaders, yours too, beside peers",
    tune: "measures kernel variants here and keeps the fastest",
  }],
  ["This program", {
    test: "runs all tests, or those of a file",
    check: "types, formatting, lint and docs",
  }],
];

/** Names of all tasks. */
export const TASK_NAMES: readonly string[] = TASKS.flatMap(([, tasks]) => Object.keys(tasks));

/** What `./calm`, `./calm help` and `./calm --help` print. */
export function overview(): string {
  const lines = TASKS.flatMap(([group, tasks]) => [
    "",
    group,
    ...Object.entries(tasks).map(([name, line]) => `  ${name.padEnd(9)}${line}`),
  ]);
  return [
    "CALM on WebGPU: image classifiers that show where they look",
    "",
    "Usage: ./calm TASK [options]",
    ...lines,
    "",
    "./calm TASK --help has options and examples; ./calm train is a good beginning.",
  ].join("\n");
}

/** Help of the tasks that are Deno's own commands. */
const TOOL_HELP: Readonly<Record<string, string>> = {
  test: `Runs all tests, or those of the files that are named.

Usage: ./calm test [FILE…] [options of deno test]

Without a WebGPU adapter tests that need one are skipped, and without Chromium
those of the viewer's page; with GPU_TESTS=require in the environment they fail.

Examples:
  ./calm test tests/model/calm_test.ts
  ./calm test --filter posterior`,
  check: `Checks types, formatting, lint and docs of this program.

Usage: ./calm check

"deno fmt" in this folder mends the formatting.`,
};

/** What `./calm TASK --help` prints where the task is a command of Deno's; null for others. */
export function toolHelp(task: string): string | null {
  return Object.hasOwn(TOOL_HELP, task) ? TOOL_HELP[task] : null;
}

/** What `./calm --version` prints. */
export function version(): string {
  return `CALM on WebGPU ${config.version}, Deno ${Deno.version.deno}`;
}
