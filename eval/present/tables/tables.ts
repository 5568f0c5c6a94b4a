import { describeCueRule } from "../../measures/cues/cue_localization.ts";
import { namedCounts } from "../../measures/evaluation.ts";
import { describeDeletion } from "../../measures/erasing/deletion_insertion.ts";
import { besideAccuracy, besideCues } from "./beside_paper.ts";
import { localizationTables } from "./localization_tables.ts";
import { ACCURACY, CUE_LOCALIZATION, type PaperNumbers } from "./paper.ts";
import { found, inOrder, type MeasuredModel } from "./rows.ts";
import type { Cell, Column, Table } from "./table.ts";

/**
 * One table for each of the paper's, and for the measures beyond it; those with rows. Models come in
 * the order of their methods and labels.
 */
export function buildTables(unordered: readonly MeasuredModel[]): Table[] {
  const models = inOrder(unordered);
  return [
    cueTable(models),
    accuracyTable(models),
    erasingTable(models),
    ...localizationTables(models),
    axiomTable(models),
    furtherTable(models),
    randomisationTable(models),
    funnyBirdsTable(models),
  ].filter(({ rows }) => rows.length > 0);
}

function cueTable(models: readonly MeasuredModel[]): Table {
  const rows = found(models, "cue-localization");
  const isPaper = rows.some(({ subject }) => subject.dataset === "cub");
  const keys = ["1", "2", "3", "mean"] as const;
  const paper = isPaper ? besideCues(rows) : null;
  const without = Math.max(0, ...rows.map(({ result }) => result.pairsWithoutPictures));
  return {
    name: "table1_cue_localization",
    title: "Cue localization",
    note: "Mean pixel-wise average precision in percent of class pairs that differ in 1, 2, 3 " +
      "parts, and of all; higher is better. Scores: what becomes of |A − B| before it is counted, " +
      "stretched to [0, 1] for each picture or as it is." +
      (without > 0 ? ` Pairs without a picture of a differing part, in no mean: ${without}.` : "") +
      (paper?.note ?? ""),
    columns: [
      { title: "" },
      ...keys.map((title): Column => ({ title, digits: 1, better: "higher" })),
      { title: "scores" },
      ...(paper?.columns(keys) ?? []),
    ],
    rows: rows.map(({ subject, kind, title, options: { options }, result: { mpxap } }) => [
      title,
      ...keys.map((key) => mpxap[key]),
      describeCueRule(options),
      ...(paper ? published(CUE_LOCALIZATION, `${subject.method} ${kind}`, keys.length) : []),
    ]),
  };
}

function accuracyTable(models: readonly MeasuredModel[]): Table {
  const rows = found(models, "classification");
  const paper = ACCURACY[rows[0]?.subject.dataset] ?? null;
  const beside = paper && besideAccuracy(paper, rows);
  const dead = rows.some(({ result: { deadPriors } }) => deadPriors > 0);
  return {
    name: "table2_classification",
    title: "Classification",
    note: "Test accuracy in percent, and the mean of −log p(ŷ|x)." +
      (dead
        ? " Dead: pictures whose location prior is zero everywhere, taken to be uniform."
        : "") +
      (beside?.note ?? ""),
    columns: [
      { title: "" },
      { title: "accuracy", digits: 2, better: "higher" },
      { title: "loss", digits: 4, better: "lower" },
      ...(dead ? [{ title: "dead", digits: 0 }] : []),
      ...(beside?.columns([""]) ?? []),
    ],
    rows: rows.map(({ subject, title, result: { accuracy, loss, deadPriors } }) => [
      title,
      100 * accuracy,
      loss,
      ...(dead ? [deadPriors] : []),
      ...(paper ? published(paper, subject.method, 1) : []),
    ]),
  };
}

function erasingTable(models: readonly MeasuredModel[]): Table {
  const rows = found(models, "remove-and-classify");
  return {
    name: "figure5_remove_and_classify",
    title: "Remove-and-classify",
    note: "Accuracy with the highest-ranked pixels erased, relative to as many erased at random, " +
      `by percentage erased (${
        rows[0]?.options.baseline
      } baseline); lower is better. In brackets: ` +
      "95 % of draws of the pictures.",
    columns: [
      { title: "" },
      ...(rows[0]?.result.k ?? []).map((percent): Column => ({
        title: `${percent} %`,
        digits: 2,
        better: "lower",
      })),
    ],
    rows: rows.map(({ title, result: { relativeAccuracy, interval } }) => [
      title,
      ...relativeAccuracy.map((value, i) => ({ value, interval: interval[i] })),
    ]),
  };
}

function axiomTable(models: readonly MeasuredModel[]): Table {
  const rows = found(models, "axioms");
  return {
    name: "axioms",
    title: "Axioms",
    note: "Completeness: |Σ s − p(ŷ|x)|. Invariance: how far the map moves, relative to its " +
      "largest value, when 1 is added to all class logits, and how far p(y|x) does. Sensitivity: " +
      "percentage of the cells that matter to p(ŷ|x) but are attributed nothing (missed), of those " +
      "that do not but are attributed something (idle), their share of all |attribution|, and rank " +
      "correlation of |attribution| with how far p(ŷ|x) moves by each cell. Means over " +
      `${rows[0]?.result.images} pictures.${undefinedNote(rows)}`,
    columns: [
      { title: "" },
      { title: "completeness", better: "lower" },
      { title: "map moves", better: "lower" },
      { title: "p moves" },
      { title: "missed %", digits: 1, better: "lower" },
      { title: "idle %", digits: 1, better: "lower" },
      { title: "idle share %", digits: 1, better: "lower" },
      { title: "correlation", digits: 2, better: "higher" },
    ],
    rows: rows.map(({ title, result }) => [
      title,
      result.completeness,
      result.shift,
      result.shiftOfProbability,
      result.missed,
      result.idle,
      result.idleShare,
      result.correlation,
    ]),
  };
}

function furtherTable(models: readonly MeasuredModel[]): Table {
  const curves = found(models, "deletion-insertion");
  const points = found(models, "pointing-game");
  const titles = [...new Set([...curves, ...points].map(({ title }) => title))];
  return {
    name: "further_measures",
    title: "Deletion, insertion, pointing game, energy",
    note:
      "Areas under the curves of p(y|x) while pixels are erased (lower is better) and put back " +
      "(higher is better) in the map's order" +
      (curves[0] ? ` (${describeDeletion(curves[0].options)})` : "") +
      "; percentage of pictures whose highest pixel is on the " +
      `object, and of the map's values there. Chance: ${
        points[0] ? points[0].result.chance.toFixed(1) : "–"
      } %.${undefinedNote(points)}`,
    columns: [
      { title: "" },
      { title: "deletion", digits: 3, better: "lower" },
      { title: "insertion", digits: 3, better: "higher" },
      { title: "pointing", digits: 1, better: "higher" },
      { title: "energy", digits: 1, better: "higher" },
    ],
    rows: titles.map((title) => {
      const curve = curves.find((row) => row.title === title)?.result;
      const point = points.find((row) => row.title === title)?.result;
      return [
        title,
        curve?.deletion ?? null,
        curve?.insertion ?? null,
        point?.pointing ?? null,
        point?.energy ?? null,
      ];
    }),
  };
}

function randomisationTable(models: readonly MeasuredModel[]): Table {
  const rows = found(models, "randomisation");
  return {
    name: "parameter_randomisation",
    title: "Parameter randomisation",
    note: "Rank correlation of the map with the trained model's after the layers from the last " +
      "down to the one named got random weights; a map that explains the model falls to 0. Means " +
      `over ${rows[0]?.result.images} pictures.${undefinedNote(rows)}`,
    columns: [
      { title: "" },
      ...(rows[0]?.result.layers ?? []).map((title): Column => ({
        title,
        digits: 2,
        better: "lower",
      })),
    ],
    rows: rows.map(({ title, result }) => [title, ...result.correlation]),
  };
}

function funnyBirdsTable(models: readonly MeasuredModel[]): Table {
  const rows = found(models, "funny-birds");
  const ofMaps = ["mean", "Com", "Cor", "Con", "CSDC", "PC", "DC", "D"];
  // The others that are not defined somewhere are so for all maps of a model.
  const ownGaps = rows.map(({ title, result: { undefinedIn: { correctness } } }) => ({
    title,
    result: { undefinedIn: namedCounts(["Cor"], [correctness ?? 0]) },
  }));
  return {
    name: "funny_birds",
    title: "FunnyBirds' protocols",
    note:
      "From 0 to 1, higher is better. Com, completeness: ((CSDC + PC + DC) / 3 + D) / 2, at the " +
      "threshold at which it is highest; CSDC, of pictures classified right: how much of a minimal " +
      "sufficient part set the important parts hold; PC: the prediction stays with only these left; " +
      "DC: it changes without them; D: what does not matter is not called important. Cor, " +
      "correctness: rank correlation of the parts with what their removal takes from the score. " +
      "Con, contrastivity: parts weigh more in the map of the class that they speak for, in the " +
      "pictures (Con of) where the model itself has it so. Of the model alone: its accuracy, and BI, " +
      `the share of the background's objects that do not matter. ${rows[0]?.result.images} ` +
      `pictures.${undefinedNote(ownGaps)}`,
    columns: [
      { title: "" },
      ...ofMaps.map((title): Column => ({ title, digits: 2, better: "higher" })),
      { title: "threshold", digits: 3 },
      { title: "Con of", digits: 0 },
      { title: "accuracy", digits: 2 },
      { title: "BI", digits: 2 },
    ],
    rows: rows.map(({ title, result }) => [
      title,
      result.mean,
      result.completeness,
      result.correctness,
      result.contrastivity,
      result.csdc,
      result.pc,
      result.dc,
      result.distractibility,
      result.threshold,
      result.images - (result.undefinedIn.contrastivity ?? 0),
      result.accuracy,
      result.backgroundIndependence,
    ]),
  };
}

function published({ rows }: PaperNumbers, row: string, count: number): Cell[] {
  return [...rows[row] ?? new Array<null>(count).fill(null)];
}

/** Which means leave pictures out, for their number is not defined there. */
function undefinedNote(
  rows: readonly {
    readonly title: string;
    readonly result: { readonly undefinedIn: Readonly<Record<string, number>> };
  }[],
): string {
  const notes = rows.flatMap(({ title, result: { undefinedIn } }) => {
    const counts = Object.entries(undefinedIn).map(([name, count]) => `${name} in ${count}`);
    return counts.length > 0 ? [`${title} ${counts.join(", ")}`] : [];
  });
  return notes.length > 0
    ? ` Pictures left out of means because the number is not defined there: ${notes.join("; ")}.`
    : "";
}
