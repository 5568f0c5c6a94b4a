import type { Command } from "../cli.ts";
import { readClassAttributes } from "../data/cub_annotations.ts";
import type { Dataset } from "../data/dataset.ts";
import { BatchLoader } from "../data/loader.ts";
import { DATASET_NAMES, type DatasetName, openDataset } from "../data/open.ts";
import { UserError } from "../engine/errors.ts";
import { classify } from "../eval/classification.ts";
import {
  ATTRIBUTION_KINDS,
  type AttributionKind,
  checkKind,
} from "../eval/attribution/attribute.ts";
import { type Baseline, BASELINES } from "../eval/erasing/baseline.ts";
import { removeAndClassify } from "../eval/erasing/remove_and_classify.ts";
import { type ClassPair, classPairs, PART_NAMES } from "../eval/cues/class_pairs.ts";
import { localiseCuesOfDataset } from "../eval/cues/cub_cues.ts";
import { officialCueOptions } from "../eval/cues/localisation.ts";
import type { Thresholds } from "../eval/metrics/pixel_ap.ts";
import type { BoxAccuracy } from "../eval/wsol/box_accuracy.ts";
import { localiseObjects } from "../eval/wsol/localise.ts";
import { evaluateScoreMaps } from "../eval/wsol/score_maps.ts";
import type { Classifier } from "../model/classifier.ts";
import { openGpu } from "../model/open_gpu.ts";
import { type OpenedModel, openModel } from "../model/open_model.ts";
import { checkpointOf, foreignOptions, MODEL_OPTIONS } from "./model_options.ts";
import type { ParsedOptions } from "./options.ts";
import { Progress } from "./progress.ts";

const EVALUATIONS = {
  "classification": classification,
  "cue-localization": cueLocalization,
  "remove-and-classify": removal,
  "wsol": wsol,
};

/** `./calm eval WHAT`. */
const evaluate: Command = {
  spec: {
    name: "eval",
    summary: "classification: accuracy on the test pictures of a data set (Table 2).\n" +
      "cue-localization: whether maps find the parts in which two classes differ (Table 1);\n" +
      "needs CUB's attributes, key points and segmentations, which birds have, too.\n" +
      "remove-and-classify: accuracy with the pixels erased that a map ranks highest, relative\n" +
      "to as many erased at random (Figure 5).\n" +
      "wsol: MaxBoxAcc and MaxBoxAccV2 of maps as boxes (Table 3), of a model or, with --scoremaps,\n" +
      "of .npy files; of masks the pixel-wise average precision.",
    positionals: [Object.keys(EVALUATIONS).join("|")],
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
      "skip-corrupt": {
        type: "flag",
        help: "classification: leave damaged pictures out instead of stopping",
      },
      map: {
        type: "choice",
        choices: ATTRIBUTION_KINDS,
        help: "whose maps are measured (default joint, for CAM cam)",
      },
      baseline: {
        type: "choice",
        choices: BASELINES,
        help: "remove-and-classify: what erased pixels become; zero is the official code's",
        default: "blur",
      },
      k: {
        type: "text",
        value: "N,…",
        help: "remove-and-classify: shares to erase in percent",
        default: "10,30,50,70,90",
      },
      seed: { type: "integer", min: 0, help: "remove-and-classify: of random erasing", default: 0 },
      thresholds: {
        type: "choice",
        choices: ["log", "even"],
        help: "cue-localization: bins of scores (default log, for CAM even)",
      },
      "compat-official": {
        type: "flag",
        help: "cue-localization: with the official evaluator's slips (docs/evaluation.md)",
      },
      scoremaps: {
        type: "text",
        value: "DIR",
        help: "wsol: 224×224 maps from 0 to 1 in DIR/<image id>.npy, instead of a model's",
      },
      metadata: {
        type: "text",
        value: "DIR",
        help: "wsol: with --scoremaps, a split's folder in wsolevaluation's layout",
      },
      masks: { type: "text", value: "DIR", help: "wsol: folder of the metadata's masks" },
      step: {
        type: "number",
        min: 0.001,
        max: 1,
        help: "wsol: between thresholds; the benchmark's library has 0.001",
        default: 0.01,
      },
      "pairs-only": {
        type: "flag",
        help: "cue-localization: only count the pairs of classes; needs attributes, no pictures",
      },
    },
    examples: [
      "./calm eval classification",
      "./calm eval cue-localization --json",
      "./calm eval remove-and-classify --baseline zero",
      "./calm eval cue-localization --data ~/CUB_200_2011 --pairs-only",
      "./calm eval wsol --scoremaps my_maps --metadata metadata/CUB/test",
      "./calm eval classification --dataset cub --data ~/CUB_200_2011 --method calm-em \\\n" +
      "      --large-feature-map --checkpoint last_checkpoint.pth.tar",
    ],
  },
  async run(options) {
    const [what] = options.positionals;
    const evaluation = Object.hasOwn(EVALUATIONS, what ?? "")
      ? EVALUATIONS[what as keyof typeof EVALUATIONS]
      : undefined;
    if (!evaluation) {
      throw new UserError(
        `./calm eval takes ${Object.keys(EVALUATIONS).join(" or ")}, not ${what ?? "nothing"}`,
      );
    }
    return await evaluation(options, new Progress());
  },
};

export default evaluate;

/** Opens model and data set, and closes the GPU after `body`. */
async function withModel<T>(
  options: ParsedOptions,
  progress: Progress,
  body: (opened: OpenedModel, dataset: Dataset) => Promise<T>,
): Promise<T> {
  const checkpoint = checkpointOf(options);
  const gpu = await openGpu();
  try {
    const opened = await openModel(gpu, checkpoint, foreignOptions(options));
    const name = (options.text("dataset") ?? "birds") as DatasetName;
    const dataset = await openDataset(name, options.text("data"), {
      onLine: (text) => progress.line(text),
      onProgress: ({ label, share }) => progress.update(label, share, ""),
    });
    const { classes } = opened.options;
    if (dataset.classes.length !== classes) {
      throw new UserError(
        `${checkpoint} knows ${classes} classes, but ${dataset.root} has ${dataset.classes.length}`,
      );
    }
    return await body(opened, dataset);
  } finally {
    gpu.destroy();
  }
}

async function classification(options: ParsedOptions, progress: Progress) {
  return await withModel(options, progress, async ({ model, options: { arch, method }, crop }, {
    name,
    test,
  }) => {
    const loader = BatchLoader.inOrder(test, {
      crop,
      batchSize: batchSizeOf(options),
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
      const checkpoint = checkpointOf(options);
      return { dataset: name, checkpoint, arch, method, accuracy: 100 * accuracy, loss, images };
    } finally {
      loader.close();
    }
  });
}

async function removal(options: ParsedOptions, progress: Progress) {
  const k = shares(options.text("k") ?? "10,30,50,70,90");
  return await withModel(options, progress, async ({ model, options: { method }, crop }, data) => {
    const kind = wantedKind(model, options);
    const loader = BatchLoader.inOrder(data.test, { crop, batchSize: batchSizeOf(options) });
    try {
      const baseline = (options.text("baseline") ?? "blur") as Baseline;
      const scores = await removeAndClassify(model, loader, {
        kind,
        baseline,
        k,
        seed: options.number("seed") ?? 0,
      }, (batches) => progress.update("erasing", batches / loader.batchesPerEpoch, ""));
      progress.line(`${method}, ${kind}, ${baseline}: accuracy relative to random erasing`);
      for (const [i, percent] of scores.k.entries()) {
        const [low, high] = scores.interval[i];
        progress.line(
          `  ${String(percent).padStart(3)} %   ${scores.relativeAccuracy[i].toFixed(3)} ` +
            `(95 %: ${low.toFixed(3)} to ${high.toFixed(3)})   ` +
            `${scores.accuracy[i].toFixed(1)} against ${scores.randomAccuracy[i].toFixed(1)} %`,
        );
      }
      return {
        dataset: data.name,
        method,
        map: kind,
        baseline,
        k: scores.k,
        relative_accuracy: scores.relativeAccuracy,
        interval: scores.interval,
        accuracy: scores.accuracy,
        random_accuracy: scores.randomAccuracy,
        images: scores.images,
      };
    } finally {
      loader.close();
    }
  });
}

function batchSizeOf(options: ParsedOptions): number {
  return options.number("batch-size") ?? 32;
}

/** The kind of map that was asked for, or the model's own. */
function wantedKind(model: Classifier, options: ParsedOptions): AttributionKind {
  const kind = options.text("map") as AttributionKind | undefined;
  if (kind !== undefined) checkKind(model, kind);
  return kind ?? officialCueOptions(model).kind;
}

async function wsol(options: ParsedOptions, progress: Progress) {
  const step = options.number("step") ?? 0.01;
  const onProgress = (share: number) => progress.update("localising", share, "");
  const scoremaps = options.text("scoremaps");
  if (scoremaps !== undefined) {
    const metadata = options.text("metadata");
    if (metadata === undefined) throw new UserError("--scoremaps needs --metadata DIR");
    const masks = options.text("masks");
    const { boxes, pxap, images } = await evaluateScoreMaps(scoremaps, {
      metadata,
      masks,
      step,
      onProgress,
    });
    if (boxes) return { images, ...boxScores(boxes, progress) };
    progress.line(`PxAP ${pxap!.toFixed(2)} % of ${images} pictures`);
    return { images, pxap };
  }
  return await withModel(options, progress, async ({ model, options: { method }, crop }, data) => {
    const kind = wantedKind(model, options);
    const { accuracy, images } = await localiseObjects(model, data, {
      kind,
      crop,
      batchSize: batchSizeOf(options),
      step,
      onProgress,
    });
    progress.line(`${method}, ${kind}, ${images} test pictures of ${data.name}`);
    return { dataset: data.name, method, map: kind, images, ...boxScores(accuracy, progress) };
  });
}

function boxScores({ single50, ...levels }: BoxAccuracy, progress: Progress) {
  progress.line(
    `MaxBoxAccV2 ${levels.mean.toFixed(1)} % (IoU 30: ${levels[30].toFixed(1)}, ` +
      `50: ${levels[50].toFixed(1)}, 70: ${levels[70].toFixed(1)}); ` +
      `MaxBoxAcc, largest contour, ${single50.toFixed(1)} %`,
  );
  return { max_box_acc: levels, max_box_acc_single_50: single50 };
}

function shares(text: string): number[] {
  return text.split(",").map((part) => {
    const percent = Number(part);
    if (part.trim() === "" || !(percent >= 0 && percent <= 100)) {
      throw new UserError(`--k is "${text}", expected percentages such as 10,30,50`);
    }
    return percent;
  });
}

async function cueLocalization(options: ParsedOptions, progress: Progress) {
  if (options.flag("pairs-only")) {
    const root = options.text("data");
    if (root === undefined) throw new UserError("--pairs-only needs --data DIR");
    const pairs = countPairs(classPairs(await readClassAttributes(root)));
    for (const [parts, count] of Object.entries(pairs)) {
      progress.line(`${count} pairs of classes differ in ${parts} part${parts === "1" ? "" : "s"}`);
    }
    return { pairs };
  }
  return await withModel(options, progress, async ({ model, options: { method }, crop }, data) => {
    const official = options.flag("compat-official");
    const chosen = officialCueOptions(model, wantedKind(model, options));
    const scores = await localiseCuesOfDataset(model, data, {
      options: {
        ...chosen,
        thresholds: (options.text("thresholds") as Thresholds | undefined) ?? chosen.thresholds,
        dropLowest: official,
        cumulative: official,
      },
      crop,
      batchSize: batchSizeOf(options),
      onProgress: (share) => progress.update("cues", share, ""),
    });
    const { mpxap } = scores;
    const pairs = countPairs(scores.pairs);
    const cells = (["1", "2", "3", "mean"] as const).map((key) =>
      `${key === "mean" ? "mean" : `${key} part${key === "1" ? "" : "s"}`} ${show(mpxap[key])}`
    );
    progress.line(`${method}, ${chosen.kind}, mPxAP in percent: ${cells.join("   ")}`);
    return {
      dataset: data.name,
      method,
      map: chosen.kind,
      pairs,
      mpxap,
      images: scores.images,
      pair_scores: scores.pairs.map(({ classes, parts, pictures, pxap }) => ({
        classes: classes.map((label) => data.classes[label]),
        parts: parts.map((part) => PART_NAMES[part - 1]),
        pictures,
        pxap,
      })),
    };
  });
}

function countPairs(pairs: readonly ClassPair[]): Record<"1" | "2" | "3", number> {
  const count = (n: number) => pairs.filter(({ parts }) => parts.length === n).length;
  return { "1": count(1), "2": count(2), "3": count(3) };
}

function show(percent: number): string {
  return Number.isNaN(percent) ? "–" : percent.toFixed(1);
}
