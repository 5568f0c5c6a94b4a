import type { Dataset } from "../data/dataset.ts";
import type { BatchLoader } from "../data/loader.ts";
import { UserError } from "../engine/errors.ts";
import type { Classifier } from "../model/classifier.ts";
import { localiseCuesOfDataset } from "./cues/cub_cues.ts";
import { type CueScores, officialCueOptions } from "./cues/localisation.ts";
import { type ErasingScores, removeAndClassify } from "./erasing/remove_and_classify.ts";

/** How well a model's own maps explain it, in the paper's two measures. */
export interface AttributionScores {
  /** Table 1; null where no two classes differ in few enough parts. */
  readonly cues: CueScores["mpxap"] | null;
  /** Figure 5, erased by blur. */
  readonly erasing: ErasingScores;
}

/** Percentages to erase. */
const K = [10, 30, 50];

/** Scores a model on a data set with CUB's annotations, with the paper's settings. */
export async function scoreAttribution(
  model: Classifier,
  dataset: Dataset,
  { loader, crop, onProgress }: {
    /** The test pictures. */
    readonly loader: BatchLoader;
    readonly crop: number;
    readonly onProgress: (label: string, share: number) => void;
  },
): Promise<AttributionScores> {
  const options = officialCueOptions(model);
  let cues: CueScores["mpxap"] | null = null;
  try {
    ({ mpxap: cues } = await localiseCuesOfDataset(model, dataset, {
      options,
      crop,
      batchSize: 32,
      onProgress: (share) => onProgress("locating cues", share),
    }));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
  const erasing = await removeAndClassify(
    model,
    loader,
    { kind: options.kind, baseline: "blur", k: K, seed: 0 },
    (batches) => onProgress("erasing", batches / loader.batchesPerEpoch),
  );
  return { cues, erasing };
}

/** The scores as a table of text. */
export function describeScores({ cues, erasing }: AttributionScores): string {
  const number = (value: number, digits: number) =>
    Number.isNaN(value) ? "–" : value.toFixed(digits);
  const rows: [string, string][] = [];
  if (cues) {
    for (const key of ["1", "2", "3", "mean"] as const) {
      const what = key === "mean"
        ? "all pairs"
        : `pairs differing in ${key} part${key === "1" ? "" : "s"}`;
      rows.push([`cue localization, ${what}`, `${number(cues[key], 1)} mPxAP, higher is better`]);
    }
  }
  for (const [i, percent] of erasing.k.entries()) {
    rows.push([
      `${percent} % of the pixels erased`,
      `${
        number(erasing.relativeAccuracy[i], 2)
      } of the accuracy of random erasing, lower is better`,
    ]);
  }
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`).join("\n");
}
