import { METHODS } from "../../model/classifier.ts";
import { ATTRIBUTION_KINDS } from "../attribution/kinds.ts";
import { BASELINES } from "../erasing/baseline.ts";
import type { Json } from "../evaluation.ts";
import { evaluationOf, type Measure, type MeasureName } from "../measures.ts";
import { UPSCALINGS } from "../upscale.ts";
import type { Checked } from "./checked.ts";
import type { Counts } from "./counts.ts";

/** More thresholds, steps or percentages than these are nobody's. */
const MOST = 100_000;

/** Looks at the options of a measure, and tells how many numbers it keeps of a picture, if any. */
const OPTIONS: Readonly<Record<MeasureName, (options: Checked) => number | null>> = {
  "classification": () => 3,
  "cue-localization"(options) {
    for (const pair of options.field("pairs").list()) {
      for (const label of pair.field("classes").list(2)) label.whole();
      for (const part of pair.field("parts").list()) part.whole(1);
    }
    const how = options.field("options");
    kind(how);
    how.field("minMax").flag();
    how.field("thresholds").oneOf(["even", "log"]);
    if (!how.field("step").isNull()) how.field("step").number(1 / MOST, 1);
    for (const name of ["dropLowest", "cumulative"]) {
      if (!how.field(name).isNull()) how.field(name).flag();
    }
    return null;
  },
  "remove-and-classify"(options) {
    kind(options);
    options.field("baseline").oneOf(BASELINES);
    options.field("seed").whole();
    return 2 * options.field("k").list().map((k) => k.number(0, 100)).length;
  },
  "wsol"(options) {
    kind(options);
    options.field("step").number(1 / MOST, 1);
    options.field("upscaling").oneOf(UPSCALINGS);
    return null;
  },
  "axioms"(options) {
    kind(options);
    options.field("every").whole(1);
    return 7;
  },
  "deletion-insertion"(options) {
    kind(options);
    options.field("baseline").oneOf(BASELINES);
    options.field("insertionBaseline").oneOf(BASELINES);
    options.field("steps").whole(2, MOST);
    options.field("of").oneOf(["true class", "predicted class"]);
    options.field("seed").whole();
    return 2;
  },
  "pointing-game"(options) {
    kind(options);
    return 3;
  },
  "randomisation"(options) {
    kind(options);
    options.field("every").whole(1);
    return null;
  },
};

/**
 * Looks through the counts of an evaluation: a file may be cut, edited, or somebody else's, and a
 * number that is out of place would be merged with the others.
 *
 * @throws {UserError} naming the first field that cannot be
 */
function checkCounts(file: Checked): void {
  const job = file.field("job");
  checkSubject(job.field("subject"));
  const [index, count] = ["index", "count"].map((name) => file.field("shard").field(name));
  index.whole(0, count.whole(1) - 1);
  const planned = job.field("passes").list();
  for (const [p, pass] of file.field("passes").list(planned.length).entries()) {
    planned[p].field("split").oneOf(["test", "val", "train"]);
    planned[p].field("pairedOnly").flag();
    planned[p].field("choosesThresholds").flag();
    const batches = pass.field("batches").whole();
    const seen = new Set<number>();
    for (const done of pass.field("done").list()) {
      const number = done.whole(0, batches - 1);
      if (seen.has(number)) done.refuse("each batch once");
      if (number % count.whole() !== index.whole()) done.refuse("a batch of the file's own shard");
      seen.add(number);
    }
    const measures = planned[p].field("measures").list();
    const tallies = pass.field("tallies").list(measures.length);
    for (const [m, measure] of measures.entries()) checkMeasure(measure, tallies[m]);
  }
}

function checkSubject(subject: Checked): void {
  for (const name of ["checkpoint", "arch", "dataset"]) subject.field(name).text();
  subject.field("method").oneOf(METHODS);
  const classes = subject.field("classes").list();
  for (const name of classes) name.text();
  for (const name of ["crop", "batchSize"]) subject.field(name).whole(1);
  subject.field("blur").number(0);
  subject.field("seed").whole();
  const supersets = subject.field("supersets");
  if (supersets.isNull()) return;
  for (const own of supersets.list(classes.length)) {
    for (const label of own.list()) label.whole(0, classes.length - 1);
  }
}

function checkMeasure(measure: Checked, tally: Checked): void {
  const what = measure.field("what").oneOf(Object.keys(OPTIONS) as MeasureName[]);
  const options = measure.field("options");
  const columns = OPTIONS[what](options);
  if (columns !== null) return checkRows(tally, columns);
  if (what === "randomisation") {
    const layers = tally.field("layers").list();
    for (const name of layers) name.text();
    return checkRows(tally.field("scores"), layers.length);
  }
  // Whole counts in lists of fixed lengths: as those of an evaluation that has seen nothing.
  compare(tally, evaluationOf(measure.value as Measure).tally());
}

/** Numbers by picture: the picture's position, then its numbers or null. */
function checkRows(tally: Checked, columns: number): void {
  const seen = new Set<number>();
  for (const row of tally.list()) {
    const [position, ...numbers] = row.list(1 + columns);
    const at = position.whole();
    if (seen.has(at)) position.refuse("each picture once");
    seen.add(at);
    for (const number of numbers) if (!number.isNull()) number.number();
  }
}

function compare(tally: Checked, empty: Json): void {
  if (typeof empty === "number") tally.whole();
  else if (Array.isArray(empty)) {
    for (const [i, each] of tally.list(empty.length).entries()) compare(each, empty[i]);
  } else if (typeof empty === "object" && empty !== null) {
    for (const [name, each] of Object.entries(empty)) compare(tally.field(name), each);
  }
}

function kind(options: Checked): void {
  options.field("kind").oneOf(ATTRIBUTION_KINDS);
}

/** What was looked through, as what it is. */
export function countsIn(file: Checked): Counts {
  checkCounts(file);
  const { job, shard, passes } = file.value as Counts;
  return { job, shard, passes };
}
