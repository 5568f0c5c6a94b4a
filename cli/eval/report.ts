import { type ClassPair, PART_NAMES } from "../../eval/cues/class_pairs.ts";
import type { Subject } from "../../eval/job/subject.ts";
import { kindOf, type Measured } from "../../eval/measures.ts";
import { rowTitle } from "../../eval/tables/rows.ts";
import type { BoxAccuracy } from "../../eval/wsol/box_accuracy.ts";
import type { Progress } from "../progress.ts";

/** Prints what was measured. @returns the object that `--json` prints */
export function report(
  subject: Subject,
  measured: readonly Measured[],
  progress: Progress,
): Record<string, unknown> {
  const results = measured.map((each) => reportOne(subject, each, progress));
  const { dataset, arch, method } = subject;
  const common = { dataset, arch, method };
  return results.length === 1 ? { ...common, ...results[0] } : { ...common, results };
}

function reportOne(
  { dataset, arch, method, classes }: Subject,
  each: Measured,
  progress: Progress,
): Record<string, unknown> {
  const kind = kindOf(each);
  const title = kind ? rowTitle(method, kind) : method;
  const map = kind ? { map: kind } : {};
  const { images } = each.result;
  switch (each.what) {
    case "classification": {
      const { accuracy, loss } = each.result;
      progress.line(
        `${arch}, ${method}: ${(100 * accuracy).toFixed(2)} % of ${images} test pictures of ` +
          `${dataset}, loss ${loss.toFixed(4)}`,
      );
      return { accuracy: 100 * accuracy, loss, images };
    }
    case "cue-localization": {
      const { mpxap, pairs } = each.result;
      const cells = (["1", "2", "3", "mean"] as const).map((key) =>
        `${key === "mean" ? "mean" : `${key} part${key === "1" ? "" : "s"}`} ${one(mpxap[key])}`
      );
      progress.line(`${title}, mPxAP in percent: ${cells.join("   ")}`);
      return {
        ...map,
        pairs: countPairs(pairs),
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
      progress.line(`${title}, ${baseline}: accuracy relative to random erasing`);
      for (const [i, percent] of k.entries()) {
        const [low, high] = interval[i];
        progress.line(
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
      progress.line(`${title}, ${images} test pictures of ${dataset}`);
      if (boxes) return { ...map, images, ...boxScores(boxes, progress) };
      progress.line(`PxAP ${pxap!.toFixed(2)} %`);
      return { ...map, images, pxap };
    }
    case "axioms": {
      const { completeness, shift, shiftOfProbability, missed, correlation } = each.result;
      progress.line(
        `${title}, ${images} pictures: |Σ s − p(ŷ|x)| ${
          completeness.toPrecision(3)
        }; with 1 added ` +
          `to all class logits the map moves by ${shift.toPrecision(3)} of its largest value ` +
          `and p(y|x) by ${shiftOfProbability.toPrecision(3)}; ${
            one(missed)
          } % of the cells that ` +
          `matter are attributed nothing; rank correlation with how far p(ŷ|x) moves by a cell ` +
          correlation.toFixed(2),
      );
      const shifted = { map_shift: shift, probability_shift: shiftOfProbability };
      return { ...map, completeness, ...shifted, missed, correlation, images };
    }
    case "deletion-insertion": {
      const { deletion, insertion } = each.result;
      progress.line(
        `${title}: deletion ${deletion.toFixed(4)} (lower is better), ` +
          `insertion ${insertion.toFixed(4)} (higher is better), ${images} pictures`,
      );
      return { ...map, baseline: each.options.baseline, deletion, insertion, images };
    }
    case "pointing-game": {
      const { pointing, energy, chance } = each.result;
      progress.line(
        `${title}: highest pixel on the object in ${one(pointing)} % of ${images} pictures, ` +
          `${one(energy)} % of the map there; chance ${one(chance)} %`,
      );
      return { ...map, pointing, energy, chance, images };
    }
    case "randomisation": {
      const { layers, correlation } = each.result;
      progress.line(
        `${title}, ${images} pictures, rank correlation with layers drawn anew down to: ` +
          layers.map((layer, i) => `${layer} ${correlation[i].toFixed(2)}`).join(", "),
      );
      return { ...map, layers, correlation, images };
    }
  }
}

/** Prints box accuracies. */
export function boxScores(
  { single50, thresholds, ...levels }: BoxAccuracy,
  progress: Progress,
): Record<string, unknown> {
  progress.line(
    `MaxBoxAccV2 ${one(levels.mean)} % (IoU 30: ${one(levels[30])}, ` +
      `50: ${one(levels[50])}, 70: ${one(levels[70])}); ` +
      `MaxBoxAcc, largest contour, ${one(single50)} %`,
  );
  return { max_box_acc: levels, max_box_acc_single_50: single50, thresholds };
}

/** How many pairs differ in 1, 2, 3 parts. */
export function countPairs(pairs: readonly ClassPair[]): Record<"1" | "2" | "3", number> {
  const count = (n: number) => pairs.filter(({ parts }) => parts.length === n).length;
  return { "1": count(1), "2": count(2), "3": count(3) };
}

function one(percent: number): string {
  return Number.isNaN(percent) ? "–" : percent.toFixed(1);
}
