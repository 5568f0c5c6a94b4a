import type { Command } from "./command.ts";
import { DATASET_NAMES } from "../data/open.ts";
import { didYouMean } from "../engine/did_you_mean.ts";
import { UserError } from "../engine/errors.ts";
import { ATTRIBUTION_KINDS } from "../eval/maps/kinds.ts";
import { BASELINES } from "../eval/measures/erasing/baseline.ts";
import { MEASURE_NAMES, MEASURE_SUMMARIES, type MeasureName } from "../eval/measures/measures.ts";
import { OFFICIAL_STEP } from "../eval/measures/pixel_ap.ts";
import { UPSCALINGS } from "../eval/maps/upscale.ts";
import { measureAll, writeTables } from "./eval/all.ts";
import { modelOf, modelsOf } from "./eval/merge.ts";
import { report } from "./eval/report.ts";
import { measureOne } from "./eval/single.ts";
import { countClassPairs, measureScoreMaps } from "./eval/without_model.ts";
import { MODEL_OPTIONS } from "./model_options.ts";
import { expectFor, expectSome, type ParsedOptions } from "./options.ts";
import { Progress } from "./progress.ts";

const SPLITS = ["test", "val", "train"];

const ACTIONS = [...MEASURE_NAMES, "all", "merge"];

/** What an option is for, where it is not for everything. */
const ERASING = ["remove-and-classify", "deletion-insertion"];
const FOR: Readonly<Record<string, readonly string[]>> = {
  "split": MEASURE_NAMES,
  "counts": MEASURE_NAMES,
  "map": ACTIONS.filter((action) => action !== "classification" && action !== "merge"),
  "shard": ACTIONS.filter((action) => action !== "merge"),
  "baseline": ERASING,
  "seed": ACTIONS.filter((action) => action !== "classification" && action !== "merge"),
  "k": ["remove-and-classify"],
  "steps": ["deletion-insertion"],
  "sample": ["axioms", "randomisation", "funny-birds", "all"],
  "thresholds": ["cue-localization"],
  "compat-official": ["cue-localization", "all"],
  "scale": ["cue-localization"],
  "rise": ["deletion-insertion", "all"],
  "upscale": ["wsol", "all"],
  "pairs-only": ["cue-localization"],
  "step": ["wsol", "all"],
  "thresholds-on": ["wsol", "all"],
  "scoremaps": ["wsol"],
  "metadata": ["wsol"],
  "masks": ["wsol"],
  "val-scoremaps": ["wsol"],
  "val-metadata": ["wsol"],
  "measures": ["all"],
  "out": ["all", "merge"],
};

/** What says where maps of other code are and how they are measured. */
const OF_SCORE_MAPS = ["metadata", "masks", "val-scoremaps", "val-metadata", "step"];

/** `./calm eval WHAT`. */
const evaluate: Command = {
  spec: {
    name: "eval",
    summary: "Measures models:",
    topics: {
      ...MEASURE_SUMMARIES,
      "all": "all of these for several models, as tables; on birds it trains what is missing",
      "merge FILE|DIR …": "puts together what was measured in parts with --shard",
    },
    positionals: ["WHAT", "FILE…"],
    options: {
      ...MODEL_OPTIONS,
      dataset: {
        type: "choice",
        choices: DATASET_NAMES,
        help: "whose pictures",
        default: "birds",
      },
      data: { type: "text", value: "DIR", help: "the data set's folder (docs/data_sets.md)" },
      split: { type: "choice", choices: SPLITS, help: "which pictures", default: "test" },
      "batch-size": { type: "integer", min: 1, help: "pictures at once", default: 32 },
      "skip-corrupt": { type: "flag", help: "leave damaged pictures out instead of stopping" },
      map: {
        type: "text",
        value: "KIND,…",
        help: `whose maps: ${ATTRIBUTION_KINDS.join(", ")} (default joint, for CAM cam)`,
      },
      blur: {
        type: "number",
        min: 0,
        help: "standard deviation in pixels of a Gaussian over gradient maps",
        default: 0,
      },
      supersets: {
        type: "text",
        value: "FILE|DIR",
        help: "what subset adds up: a supersets.json or WordNet's files (docs/data_sets.md)",
      },
      baseline: {
        type: "choice",
        choices: BASELINES,
        help: "erasing: what erased pixels become; zero is the official code's",
        default: "blur",
      },
      k: {
        type: "text",
        value: "N,…",
        help: "remove-and-classify: shares to erase in percent",
        default: "10,30,50,70,90",
      },
      steps: {
        type: "integer",
        min: 2,
        help: "deletion-insertion: equal parts that the pixels go in",
        default: 10,
      },
      rise: {
        type: "flag",
        help:
          "deletion-insertion: as RISE defines it: deletion to zero, insertion from an 11×11\n" +
          "blur, a row's worth of pixels at a time, of the predicted class",
      },
      seed: {
        type: "integer",
        min: 0,
        help: "of random erasing, and of the noise of SmoothGrad and its kin",
        default: 0,
      },
      sample: {
        type: "integer",
        min: 1,
        help: "axioms, randomisation, funny-birds: about so many pictures, evenly spread",
        default: 64,
      },
      thresholds: {
        type: "choice",
        choices: ["log", "even"],
        help: "cue-localization: bins of scores (default log, for CAM even)",
      },
      scale: {
        type: "choice",
        choices: ["stretched", "as-is"],
        help:
          "cue-localization: |A − B| stretched to [0, 1] for each picture, as the official code\n" +
          "does with all but CALM's probabilities (the default), or as it is, the paper's words",
      },
      "compat-official": {
        type: "flag",
        help: "cue-localization: with the official evaluator's slips (docs/evaluation.md)",
      },
      "pairs-only": {
        type: "flag",
        help: "cue-localization: only count the pairs of classes; needs attributes, no pictures",
      },
      step: {
        type: "number",
        min: 0.001,
        max: 1,
        help: "wsol: between thresholds of boxes and masks; the benchmark's command line has 0.01",
        default: OFFICIAL_STEP,
      },
      upscale: {
        type: "choice",
        choices: UPSCALINGS,
        help: "wsol: how maps are scaled up: linear is the paper's, cubic the WSOL benchmark's",
        default: UPSCALINGS[0],
      },
      "thresholds-on": {
        type: "choice",
        choices: SPLITS,
        help: "wsol: pictures to choose thresholds on, besides the test pictures themselves",
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
      "val-scoremaps": {
        type: "text",
        value: "DIR",
        help: "wsol: with --scoremaps, maps of other pictures to choose thresholds on",
      },
      "val-metadata": { type: "text", value: "DIR", help: "wsol: their split's folder" },
      measures: { type: "text", value: "WHAT,…", help: "all: only these" },
      shard: {
        type: "text",
        value: "I/N",
        help: "measure part I (from 0) of N only; eval merge puts them together",
      },
      counts: {
        type: "text",
        value: "FILE",
        help: "keep the counts here while measuring, and go on from them (all: in --out)",
      },
      out: {
        type: "text",
        value: "DIR",
        help: "all, merge: folder of the tables (default runs/eval-DATASET)",
      },
    },
    examples: [
      "./calm eval all --data birds",
      "./calm eval cue-localization --map joint,gradient,grad-cam --json",
      "./calm eval remove-and-classify --baseline zero",
      "./calm eval cue-localization --data ~/CUB_200_2011 --pairs-only",
      "./calm eval wsol --scoremaps my_maps --metadata metadata/CUB/test",
      "./calm eval wsol --dataset ilsvrc --data ~/wsol --supersets supersets.json \\\n" +
      "      --map subset --checkpoint resnet50.pth.tar --method calm-em --shard 3/16 \\\n" +
      "      --counts parts/3.json",
      "./calm eval merge parts",
    ],
  },
  run,
};

export default evaluate;

async function run(options: ParsedOptions) {
  const [what, ...files] = options.positionals;
  const progress = new Progress();
  if (!ACTIONS.includes(what)) {
    throw new UserError(
      `./calm eval takes ${ACTIONS.join(", ")}, not ${what ?? "nothing"}` +
        didYouMean(what ?? "", ACTIONS),
    );
  }
  expectFor(what, options, FOR);
  if (files.length > 0 && what !== "merge") {
    throw new UserError(`./calm eval ${what} takes no "${files[0]}": options begin with --`);
  }
  if (what === "merge") return await merge(files, options);
  if (what === "all") {
    expectSome("measures", options, MEASURE_NAMES);
    expectSome("map", options, ATTRIBUTION_KINDS);
    return await measureAll(options, progress);
  }
  if (what === "wsol" && options.has("scoremaps")) {
    expectOnly(options, "scoremaps", OF_SCORE_MAPS);
    return await measureScoreMaps(options, progress);
  }
  const lonely = OF_SCORE_MAPS.find((name) => name !== "step" && options.has(name));
  if (what === "wsol" && lonely !== undefined) {
    throw new UserError(`--${lonely} is for maps of other code: --scoremaps DIR names them`);
  }
  if (what === "cue-localization" && options.flag("pairs-only")) {
    expectOnly(options, "pairs-only", ["dataset", "data"]);
    return await countClassPairs(options);
  }
  return await measureOne(what as MeasureName, options, progress);
}

/** @throws {UserError} for an option that would change nothing */
function expectOnly(options: ParsedOptions, mode: string, allowed: readonly string[]): void {
  const always = ["json", "quiet", mode];
  const strange = Object.keys(evaluate.spec.options)
    .find((name) => options.has(name) && ![...always, ...allowed].includes(name));
  if (strange !== undefined) {
    throw new UserError(`--${strange} changes nothing with --${mode}: leave it out`);
  }
}

/** Several models become tables, one model's measures are printed as if they were made at once. */
async function merge(paths: readonly string[], options: ParsedOptions) {
  const out = options.text("out");
  if (paths.length === 0 && out === undefined) {
    throw new UserError("./calm eval merge needs the files or folders of the parts");
  }
  const from = paths.length > 0 ? paths : [out!];
  if (out !== undefined) return await writeTables(out, await modelsOf(from));
  const { subject, measured } = await modelOf(from);
  return report(subject, measured);
}
