import { UserError } from "../../engine/errors.ts";
import type { Dataset } from "../../data/dataset.ts";
import { type AttributionKind, checkKind, ownKind } from "../../eval/maps/kinds.ts";
import { officialCueOptions } from "../../eval/measures/cues/cue_localization.ts";
import { readClassPairs } from "../../eval/measures/cues/paired_pictures.ts";
import type { Baseline } from "../../eval/measures/erasing/baseline.ts";
import { riseOptions } from "../../eval/measures/erasing/deletion_insertion.ts";
import type { Pass } from "../../eval/measures/job/job.ts";
import { resultsOf } from "../../eval/measures/job/counts.ts";
import { everyOf, OWN_DELETION } from "../../eval/measures/job/plan.ts";
import { expectMeasurable, type Measure, type MeasureName } from "../../eval/measures/measures.ts";
import type { Thresholds } from "../../eval/measures/pixel_ap.ts";
import type { Method } from "../../model/methods.ts";
import { openGpu } from "../../model/open_gpu.ts";
import { checkpointOf, foreignOptions } from "../model_options.ts";
import type { ParsedOptions } from "../options.ts";
import { type Progress, tellResult } from "../progress.ts";
import { shardOf } from "../shard.ts";
import { measureModel, openDatasetOf, withTuning, wsolOptions } from "./model_job.ts";
import { report } from "./report.ts";

/** Measures one thing of one model. */
export async function measureOne(what: MeasureName, options: ParsedOptions, progress: Progress) {
  const countsFile = options.text("counts");
  const shard = shardOf(options);
  if (shard.count > 1 && countsFile === undefined) {
    throw new UserError("--shard needs --counts FILE: where this part's counts are kept");
  }
  const decided = ["baseline", "steps"].find((name) => options.flag("rise") && options.has(name));
  if (decided) throw new UserError(`--rise decides --${decided}: leave one of them out`);
  const k = shares(options.setting("k"));
  const checkpoint = checkpointOf(options);
  const gpu = await openGpu();
  try {
    const dataset = await openDatasetOf(options, progress);
    const counts = await measureModel(gpu, checkpoint, {
      options,
      progress,
      dataset,
      foreign: foreignOptions(options),
      label: what,
      countsFile,
      async passes({ model: { options: { method }, crop } }) {
        const measures = await measuresOf(what, method, { options, dataset, k, side: crop });
        return withTuning(passOf(options.setting("split"), what, measures), dataset, options);
      },
    });
    if (shard.count > 1) {
      tellResult(`${countsFile} holds part ${shard.index} of ${shard.count}`);
      return { counts: countsFile, shard: [shard.index, shard.count] };
    }
    return report(counts.job.subject, resultsOf(counts));
  } finally {
    gpu.destroy();
  }
}

function passOf(split: string, what: MeasureName, measures: readonly Measure[]): Pass {
  return {
    split: split as Pass["split"],
    pairedOnly: what === "cue-localization",
    choosesThresholds: false,
    measures,
  };
}

/** The measure for each kind of map that was asked for. */
async function measuresOf(
  what: MeasureName,
  method: Method,
  { options, dataset, k, side }: {
    readonly options: ParsedOptions;
    readonly dataset: Dataset;
    readonly k: readonly number[];
    /** Of the pictures in pixels. */
    readonly side: number;
  },
): Promise<Measure[]> {
  const asked = options.text("map")?.split(",").map((kind) =>
    checkKind({ method, classes: dataset.classes.length }, kind.trim())
  );
  const kinds = asked ?? [ownKind(method)];
  for (const kind of kinds) expectMeasurable(what, kind);
  const baseline = (options.setting("baseline")) as Baseline;
  const seed = options.quantity("seed");
  const every = everyOf(options.quantity("sample"), dataset.test.ids.length);
  const each = (measure: (kind: AttributionKind) => Measure) => kinds.map(measure);
  switch (what) {
    case "classification":
      return [{ what, options: {} }];
    case "cue-localization": {
      const pairs = await readClassPairs(dataset.root);
      const scale = options.text("scale");
      const thresholds = options.text("thresholds") as Thresholds | undefined;
      const asked = {
        ...(thresholds !== undefined && { thresholds }),
        ...(scale !== undefined && { minMax: scale === "stretched" }),
      };
      return each((kind) => {
        const official = officialCueOptions(method, kind, options.flag("compat-official"));
        return { what, options: { pairs, options: { ...official, ...asked } } };
      });
    }
    case "remove-and-classify":
      return each((kind) => ({ what, options: { kind, baseline, k, seed } }));
    case "wsol":
      return each((kind) => ({ what, options: { kind, ...wsolOptions(options) } }));
    case "deletion-insertion": {
      const rise = options.flag("rise");
      const own = { ...OWN_DELETION, baseline, insertionBaseline: baseline };
      const definition = rise ? riseOptions(side) : { ...own, steps: options.quantity("steps") };
      return each((kind) => ({ what, options: { kind, ...definition, seed } }));
    }
    case "pointing-game":
      return each((kind) => ({ what, options: { kind } }));
    case "axioms":
    case "randomisation":
    case "funny-birds":
      return each((kind) => ({ what, options: { kind, every } }));
  }
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
