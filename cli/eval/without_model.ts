import { readClassAttributes } from "../../data/cub_annotations.ts";
import { UserError } from "../../engine/errors.ts";
import { classPairs } from "../../eval/measures/cues/class_pairs.ts";
import { OFFICIAL_STEP } from "../../eval/measures/pixel_ap.ts";
import { evaluateScoreMaps } from "../../eval/measures/wsol/score_maps.ts";
import type { ParsedOptions } from "../options.ts";
import { type Progress, tellResult } from "../progress.ts";
import { boxScores, countPairs } from "./report.ts";

/** `eval cue-localization --pairs-only`: needs attributes, no pictures. */
export async function countClassPairs(options: ParsedOptions) {
  const root = options.text("data");
  if (root === undefined) throw new UserError("--pairs-only needs --data DIR");
  const pairs = countPairs(classPairs(await readClassAttributes(root)));
  for (const [parts, count] of Object.entries(pairs)) {
    tellResult(`${count} pairs of classes differ in ${parts} part${parts === "1" ? "" : "s"}`);
  }
  return { pairs };
}

/** `eval wsol --scoremaps DIR`: the maps of anyone's code. */
export async function measureScoreMaps(options: ParsedOptions, progress: Progress) {
  const measure = async (maps: string, metadata: string, at?: number[]) =>
    await evaluateScoreMaps(options.text(maps)!, {
      metadata: options.text(metadata) ?? fail(`--${maps} needs --${metadata} DIR`),
      masks: options.text("masks"),
      step: options.number("step") ?? OFFICIAL_STEP,
      at,
      onProgress: (share) => progress.update("localising", share, ""),
    });
  const chosen = options.has("val-scoremaps")
    ? await measure("val-scoremaps", "val-metadata")
    : null;
  const { boxes, pxap, images } = await measure("scoremaps", "metadata", chosen?.best ?? undefined);
  if (boxes) return { images, ...boxScores(boxes) };
  tellResult(`PxAP ${pxap!.toFixed(2)} % of ${images} pictures`);
  return { images, pxap };
}

function fail(message: string): never {
  throw new UserError(message);
}
