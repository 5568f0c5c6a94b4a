import { didYouMean } from "./engine/did_you_mean.ts";
import { Interrupted, UserError } from "./engine/errors.ts";
import { enterCallersFolder } from "./cli/callers_folder.ts";
import type { Command } from "./cli/command.ts";
import { overview, TASK_NAMES, toolHelp, version } from "./cli/front_door.ts";
import { stoppedStatus } from "./cli/interrupts.ts";
import { helpText } from "./cli/help.ts";
import { parseOptions } from "./cli/options.ts";
import { setOutput, warn, withOptions } from "./cli/progress.ts";

/** Commands are loaded when they are called, so that none pays for another's imports. */
const COMMANDS: Record<string, () => Promise<{ default: Command }>> = {
  train: () => import("./cli/train.ts"),
  search: () => import("./cli/search.ts"),
  explain: () => import("./cli/explain.ts"),
  figure: () => import("./cli/figure.ts"),
  eval: () => import("./cli/eval.ts"),
  weights: () => import("./cli/weights.ts"),
  convert: () => import("./cli/convert.ts"),
  data: () => import("./cli/data.ts"),
  tune: () => import("./cli/tune.ts"),
  bench: () => import("./cli/bench.ts"),
  viewer: () => import("./cli/viewer.ts"),
  doctor: () => import("./cli/doctor.ts"),
};

/** Runs a command line and returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  const load = Object.hasOwn(COMMANDS, name ?? "") ? COMMANDS[name] : undefined;
  try {
    enterCallersFolder();
    if (name === undefined || name === "help" || name === "--help" || name === "-h") {
      const [task] = rest;
      if (task !== undefined && Object.hasOwn(COMMANDS, task)) return await main([task, "--help"]);
      console.log(toolHelp(task ?? "") ?? overview());
      return 0;
    }
    if (name === "--version") {
      console.log(version());
      return 0;
    }
    if (!load) {
      throw new UserError(
        `There is no task "${name}"${didYouMean(name, TASK_NAMES)} (./calm help lists them)`,
      );
    }
    const { default: command } = await load();
    const options = parseOptions(command.spec, rest);
    if (options.flag("help")) {
      console.log(helpText(command.spec));
      return 0;
    }
    setOutput({ json: options.flag("json"), quiet: options.flag("quiet") });
    const result = await command.run(options);
    if (options.flag("json")) console.log(JSON.stringify(result));
    await command.end?.();
    if (result.interrupted === true) return stoppedStatus();
    return result.failed === true ? 1 : 0;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    warn(`calm: ${withOptions(error.message, error.settings)}`);
    return error instanceof Interrupted ? stoppedStatus() : 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
