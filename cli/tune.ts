import { fileURLToPath } from "node:url";
import type { Command } from "./command.ts";
import { OurNetwork } from "../bench/network.ts";
import { tune, type TuningRow } from "../bench/tune.ts";
import { METHODS } from "../model/methods.ts";
import { openGpu, TUNING_FILE, writeChoices } from "../model/open_gpu.ts";
import { NETWORK_OPTIONS, networkOptions } from "./bench/context.ts";
import { Progress, tellResult } from "./progress.ts";

/** `./calm tune`. */
const command: Command = {
  spec: {
    name: "tune",
    summary: "Measures the variants of each convolution of a network's training step on this " +
      "adapter and stores the fastest. train and bench use them from then on; a shape that was " +
      "not measured, or whose shaders have changed, gets the default for the kind of adapter.",
    positionals: ["NETWORK"],
    options: {
      ...NETWORK_OPTIONS,
      method: {
        type: "choice",
        choices: METHODS,
        help: "last layers and loss",
        default: "calm-em",
      },
      repetitions: {
        type: "integer",
        min: 1,
        max: 1000,
        help: "of each variant; the median counts",
        default: 5,
      },
    },
    examples: ["./calm tune", "./calm tune resnet50 --batch 64 --stride 8"],
  },
  async run(options) {
    const progress = new Progress();
    const settings = networkOptions(options.positionals[0], options);
    const gpu = await openGpu();
    try {
      const network = new OurNetwork(gpu, settings);
      const works = (await network.works("training step")).map(({ work }) => work);
      network.close();
      const results: TuningRow[] = [];
      const choices = await tune(gpu, works, {
        repetitions: options.quantity("repetitions"),
        onWork(row, done) {
          results.push(row);
          const times = Object.entries(row.ms).map(([name, ms]) => `${name} ${ms.toFixed(2)} ms`);
          tellResult(`${row.name} ${row.shape}: ${row.choice} (${times.join(", ")})`);
          progress.update("tuning", done / works.length, `${done} of ${works.length}`);
        },
      });
      await writeChoices(gpu.adapter, choices);
      const file = fileURLToPath(TUNING_FILE);
      tellResult(`${choices.size} choices for ${gpu.adapter.description}: ${file}`);
      const { description, fallback } = gpu.adapter;
      return { adapter: { description, fallback }, network: settings, results, file };
    } finally {
      gpu.destroy();
    }
  },
};

export default command;
