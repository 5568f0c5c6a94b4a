import { type ClassPair, PART_NAMES } from "../../eval/measures/cues/class_pairs.ts";
import { describeCueRule } from "../../eval/measures/cues/cue_localization.ts";
import { describeDeletion } from "../../eval/measures/erasing/deletion_insertion.ts";
import type { Subject } from "../../eval/measures/job/subject.ts";
import { kindOf, type Measured } from "../../eval/measures/measures.ts";
import { rowTitle } from "../../eval/present/tables/rows.ts";
import type { BoxAccuracy, BoxShares } from "../../eval/measures/wsol/box_accuracy.ts";
import { tellResult } from "../progress.ts";

/** Prints what was measured. @returns the object that `--json` prints */
export function report(
  subject: Subject,
  measured: readonly Measured[],
): Record<string, unknown> {
  const results = measured.map((each) => reportOne(subject, each));
  const { dataset, arch, method } = subject;
  const common = { dataset, arch, method };
  return results.length === 1 ? { ...common, ...results[0] } : { ...common, results };
}

function reportOne(
  { dataset, arch, method, classes }: Subject,
  each: Measured,
): Record<string, unknown> {
  const kind = kindOf(each);
  const title = kind ? rowTitle(method, kind) : method;
  const map = kind ? { map: kind } : {};
  const { images } = each.result;
  switch (each.what) {
    case "classification": {
      const { accuracy, loss, deadPriors } = each.result;
      tellResult(
        `${arch}, ${method}: ${(100 * accuracy).toFixed(2)} % of ${images} test pictures of ` +
          `${dataset}, loss ${loss.toFixed(4)}`,
      );
      if (deadPriors > 0) {
        tellResult(
          `in ${deadPriors} of them the location prior is zero everywhere and is taken to be uniform`,
        );
      }
      return { accuracy: 100 * accuracy, loss, images, dead_priors: deadPriors };
    }
    case "cue-localization": {
      const { mpxap, pairs, pairsWithoutPictures } = each.result;
      const rule = describeCueRule(each.options.options);
      const cells = (["1", "2", "3", "mean"] as const).map((key) =>
        `${key === "mean" ? "mean" : `${key} part${key === "1" ? "" : "s"}`} ${one(mpxap[key])}`
      );
      tellResult(`${title}, mPxAP in percent (${rule}): ${cells.join("   ")}`);
      if (pairsWithoutPictures > 0) {
        tellResult(
          `${pairsWithoutPictures} of ${pairs.length} pairs have no picture that shows a differing ` +
            "part: they are in no mean",
        );
      }
      return {
        ...map,
        rule,
        pairs: countPairs(pairs),
        pairs_without_pictures: pairsWithoutPictures,
        mpxap,
        images,
        pair_scores: pairs.map(({ classes: pair, parts, pictures, pxap }) => ({
          classes: pair.map((label) => classes[label]),
          parts: parts.map((part) => PART_NAMES[part - 1]),
          pictures,
          pxap,
        })),
      };
    }
    case "remove-and-classify": {
      const { k, accuracy, randomAccuracy, relativeAccuracy, interval } = each.result;
      const { baseline } = each.options;
      tellResult(`${title}, ${baseline}: accuracy relative to random erasing`);
      for (const [i, percent] of k.entries()) {
        const [low, high] = interval[i];
        tellResult(
          `  ${String(percent).padStart(3)} %   ${relativeAccuracy[i].toFixed(3)} ` +
            `(95 %: ${low.toFixed(3)} to ${high.toFixed(3)})   ` +
            `${accuracy[i].toFixed(1)} against ${randomAccuracy[i].toFixed(1)} %`,
        );
      }
      return {
        ...map,
        baseline,
        k,
        relative_accuracy: relativeAccuracy,
        interval,
        accuracy,
        random_accuracy: randomAccuracy,
        images,
      };
    }
    case "wsol": {
      const { boxes, pxap } = each.result;
      const { step, upscaling } = each.options;
      tellResult(
        `${title}, ${images} test pictures of ${dataset}, ${upscaling} upscaling, thresholds ` +
          `${step} apart`,
      );
      const how = { step, upscaling };
      if (boxes) return { ...map, images, ...how, ...boxScores(boxes) };
      tellResult(`PxAP ${pxap!.toFixed(2)} %`);
      return { ...map, images, ...how, pxap };
    }
    case "axioms": {
      const { completeness, shift, shiftOfProbability, missed, correlation } = each.result;
      const { idle, idleShare, undefinedIn } = each.result;
      tellResult(
        `${title}, ${images} pictures: |Σ s − p(ŷ|x)| ${
          completeness.toPrecision(3)
        }; with 1 added ` +
          `to all class logits the map moves by ${shift.toPrecision(3)} of its largest value ` +
          `and p(y|x) by ${shiftOfProbability.toPrecision(3)}; ${
            one(missed)
          } % of the cells that ` +
          `matter are attributed nothing, ${one(idle)} % of those that do not are attributed ` +
          `something, ${
            one(idleShare)
          } % of all; rank correlation with how far p(ŷ|x) moves by a cell ` +
          correlation.toFixed(2) + leftOut(undefinedIn),
      );
      const shifted = { map_shift: shift, probability_shift: shiftOfProbability };
      const sensitivity = { missed, idle, idle_share: idleShare, correlation };
      const counts = { images, undefined_in: undefinedIn };
      return { ...map, completeness, ...shifted, ...sensitivity, ...counts };
    }
    case "deletion-insertion": {
      const { deletion, insertion } = each.result;
      tellResult(
        `${title}: deletion ${deletion.toFixed(4)} (lower is better), ` +
          `insertion ${insertion.toFixed(4)} (higher is better), ${images} pictures; ` +
          describeDeletion(each.options),
      );
      const { baseline, insertionBaseline, steps, of } = each.options;
      return {
        ...map,
        ...{ baseline, insertion_baseline: insertionBaseline, steps, of },
        ...{ deletion, insertion, images },
      };
    }
    case "pointing-game": {
      const { pointing, energy, chance, undefinedIn } = each.result;
      tellResult(
        `${title}: highest pixel on the object in ${one(pointing)} % of ${images} pictures, ` +
          `${one(energy)} % of the map there; chance ${one(chance)} %${leftOut(undefinedIn)}`,
      );
      return { ...map, pointing, energy, chance, images, undefined_in: undefinedIn };
    }
    case "randomisation": {
      const { layers, correlation, undefinedIn } = each.result;
      tellResult(
        `${title}, ${images} pictures, rank correlation with layers drawn anew down to: ` +
          layers.map((layer, i) => `${layer} ${correlation[i].toFixed(2)}`).join(", ") +
          leftOut(undefinedIn),
      );
      return { ...map, layers, correlation, images, undefined_in: undefinedIn };
    }
    case "funny-birds": {
      const { backgroundIndependence, undefinedIn, threshold, ...scores } = each.result;
      const two = (score: number) => Number.isNaN(score) ? "–" : score.toFixed(2);
      const { accuracy, csdc, pc, dc, distractibility, mean } = scores;
      tellResult(
        `${title}, ${images} pictures, FunnyBirds' scores from 0 to 1, higher is better: ` +
          `completeness ${two(scores.completeness)} (CSDC ${two(csdc)}, PC ${two(pc)}, DC ` +
          `${two(dc)}, D ${two(distractibility)}, at threshold ${threshold.toFixed(3)}), ` +
          `correctness ${two(scores.correctness)}, contrastivity ${two(scores.contrastivity)}, ` +
          `mean ${two(mean)}; of the model: accuracy ${two(accuracy)}, background independence ` +
          two(backgroundIndependence) + leftOut(undefinedIn),
      );
      const ofModel = { background_independence: backgroundIndependence };
      return { ...map, ...scores, ...ofModel, threshold, undefined_in: undefinedIn };
    }
  }
}

/** Prints box accuracies. */
export function boxScores(boxes: BoxAccuracy): Record<string, unknown> {
  const { testOptimal } = boxes;
  const scores = boxLines(boxes, testOptimal ? "at thresholds from other pictures: " : "");
  if (!testOptimal) return scores;
  return { ...scores, test_optimal: boxLines(testOptimal, "at the best thresholds here: ") };
}

function boxLines({ thresholds, top1, testOptimal: _, ...own }: BoxAccuracy, where: string) {
  const sharesOf = ({ single50, ...levels }: BoxShares) => ({
    max_box_acc: levels,
    max_box_acc_single_50: single50,
  });
  const tell = (name: string, { mean, single50, ...levels }: BoxShares, largest: string) =>
    tellResult(
      `${where}${name} ${one(mean)} % (IoU 30: ${one(levels[30])}, 50: ${one(levels[50])}, ` +
        `70: ${one(levels[70])}); ${largest}largest contour, ${one(single50)} %`,
    );
  tell("MaxBoxAccV2", own, "MaxBoxAcc, ");
  if (top1) tell("top-1 localization", top1, "");
  return { ...sharesOf(own), ...(top1 && { top1: sharesOf(top1) }), thresholds };
}

/** How many pairs differ in 1, 2, 3 parts. */
export function countPairs(pairs: readonly ClassPair[]): Record<"1" | "2" | "3", number> {
  const count = (n: number) => pairs.filter(({ parts }) => parts.length === n).length;
  return { "1": count(1), "2": count(2), "3": count(3) };
}

/** Pictures that means leave out. */
function leftOut(undefinedIn: Readonly<Record<string, number>>): string {
  const counts = Object.entries(undefinedIn).map(([name, count]) => `${name} in ${count}`);
  return counts.length > 0
    ? `; left out of means, for the number is not defined there: ${counts.join(", ")}`
    : "";
}

function one(percent: number): string {
  return Number.isNaN(percent) ? "–" : percent.toFixed(1);
}
