import type { Command } from "../cli.ts";
import { BatchLoader } from "../data/loader.ts";
import { DATASET_NAMES, type DatasetName, openDataset } from "../data/open.ts";
import { UserError } from "../engine/errors.ts";
import { classify } from "../eval/classification.ts";
import { openGpu } from "../model/open_gpu.ts";
import { openModel } from "../model/open_model.ts";
import { checkpointOf, foreignOptions, MODEL_OPTIONS } from "./model_options.ts";
import type { ParsedOptions } from "./options.ts";
import { Progress } from "./progress.ts";

/** `./calm eval classification`. */
const evaluate: Command = {
  spec: {
    name: "eval",
    summary: "classification: accuracy on the test pictures of a data set (Table 2).",
    positionals: ["classification"],
    options: {
      ...MODEL_OPTIONS,
      dataset: {
        type: "choice",
        choices: DATASET_NAMES,
        help: "whose test pictures",
        default: "birds",
      },
      data: { type: "text", value: "DIR", help: "the data set's folder" },
      "batch-size": { type: "integer", min: 1, help: "pictures at once", default: 32 },
      "skip-corrupt": { type: "flag", help: "leave damaged pictures out instead of stopping" },
    },
    examples: [
      "./calm eval classification",
      "./calm eval classification --dataset cub --data ~/CUB_200_2011 --method calm-em \\\n" +
      "      --large-feature-map --checkpoint last_checkpoint.pth.tar",
    ],
  },
  async run(options) {
    const [what] = options.positionals;
    if (what !== "classification") {
      throw new UserError(`./calm eval takes classification, not ${what ?? "nothing"}`);
    }
    return await classification(options);
  },
};

export default evaluate;

async function classification(options: ParsedOptions) {
  const progress = new Progress();
  const name = (options.text("dataset") ?? "birds") as DatasetName;
  const checkpoint = checkpointOf(options);
  const gpu = await openGpu();
  try {
    const { model, options: { arch, method, classes }, crop } = await openModel(
      gpu,
      checkpoint,
      foreignOptions(options),
    );
    const dataset = await openDataset(name, options.text("data"), {
      onLine: (text) => progress.line(text),
      onProgress: ({ label, share }) => progress.update(label, share, ""),
    });
    if (dataset.classes.length !== classes) {
      throw new UserError(
        `${checkpoint} knows ${classes} classes, but ${dataset.root} has ${dataset.classes.length}`,
      );
    }
    const loader = new BatchLoader(dataset.test, {
      batchSize: options.number("batch-size") ?? 32,
      transform: { resize: crop, crop, flip: false },
      train: false,
      seed: 0,
      skipCorrupt: options.flag("skip-corrupt"),
      onSkip: (message) => progress.line(`Left out: ${message}`),
    });
    try {
      const { accuracy, loss, images } = await classify(model, loader, (batches) => {
        progress.update("testing", batches / loader.batchesPerEpoch, "");
      });
      progress.line(
        `${arch}, ${method}: ${(100 * accuracy).toFixed(2)} % of ${images} test pictures of ` +
          `${name}, loss ${loss.toFixed(4)}`,
      );
      return { dataset: name, checkpoint, arch, method, accuracy: 100 * accuracy, loss, images };
    } finally {
      loader.close();
    }
  } finally {
    gpu.destroy();
  }
}
