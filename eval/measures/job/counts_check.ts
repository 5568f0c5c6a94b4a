import { PRIORS } from "../../../model/calm/location.ts";
import { METHODS } from "../../../model/methods.ts";
import { ATTRIBUTION_KINDS } from "../../maps/kinds.ts";
import { BASELINES } from "../erasing/baseline.ts";
import type { MeasureName } from "../measures.ts";
import { UPSCALINGS } from "../../maps/upscale.ts";
import type { Checked } from "./checked.ts";
import type { Counts } from "./job.ts";
import { checkTally } from "./tally_check.ts";

/** More thresholds, steps or percentages than these are nobody's. */
const MOST = 100_000;

/** More batches or parts than these are nobody's. */
const MOST_BATCHES = 10_000_000;

/** Looks at the options of a measure. */
const OPTIONS: Readonly<Record<MeasureName, (options: Checked) => void>> = {
  "classification": (options) => options.names(),
  "cue-localization"(options) {
    for (const pair of options.field("pairs").list()) {
      for (const label of pair.field("classes").list(2)) label.whole();
      for (const part of pair.field("parts").list()) part.whole(1);
    }
    const how = options.field("options");
    kind(how);
    how.field("minMax").flag();
    how.field("thresholds").oneOf(["even", "log"]);
    if (!how.field("step").isMissing()) how.field("step").number(1 / MOST, 1);
    for (const name of ["dropLowest", "cumulative"]) {
      if (!how.field(name).isMissing()) how.field(name).flag();
    }
  },
  "remove-and-classify"(options) {
    kind(options);
    options.field("baseline").oneOf(BASELINES);
    options.field("seed").whole();
    for (const k of options.field("k").list()) k.number(0, 100);
  },
  "wsol"(options) {
    kind(options);
    options.field("step").number(1 / MOST, 1);
    options.field("upscaling").oneOf(UPSCALINGS);
  },
  "axioms"(options) {
    kind(options);
    options.field("every").whole(1);
  },
  "deletion-insertion"(options) {
    kind(options);
    options.field("baseline").oneOf(BASELINES);
    options.field("insertionBaseline").oneOf(BASELINES);
    options.field("steps").whole(2, MOST);
    options.field("of").oneOf(["true class", "predicted class"]);
    options.field("seed").whole();
  },
  "pointing-game"(options) {
    kind(options);
  },
  "randomisation"(options) {
    kind(options);
    options.field("every").whole(1);
  },
  "funny-birds"(options) {
    kind(options);
    options.field("every").whole(1);
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
  const classes = checkSubject(job.field("subject"));
  const [index, count] = ["index", "count"].map((name) => file.field("shard").field(name));
  index.whole(0, count.whole(1, MOST_BATCHES) - 1);
  const planned = job.field("passes").list();
  for (const [p, pass] of file.field("passes").list(planned.length).entries()) {
    planned[p].field("split").oneOf(["test", "val", "train"]);
    planned[p].field("pairedOnly").flag();
    planned[p].field("choosesThresholds").flag();
    const batches = pass.field("batches").whole(0, MOST_BATCHES);
    const seen = new Set<number>();
    for (const done of pass.field("done").list()) {
      const number = done.whole(0, batches - 1);
      if (seen.has(number)) done.refuse("each batch once");
      if (number % count.whole() !== index.whole()) done.refuse("a batch of the file's own shard");
      seen.add(number);
    }
    const measures = planned[p].field("measures").list();
    const tallies = pass.field("tallies").list(measures.length);
    const batchSize = job.field("subject").field("batchSize").whole(1);
    for (const [m, measure] of measures.entries()) {
      checkMeasure(measure, classes);
      checkTally(measure, tallies[m], { done: seen, batchSize });
    }
  }
}

/** @returns how many classes there are */
function checkSubject(subject: Checked): number {
  for (const name of ["checkpoint", "arch", "dataset"]) subject.field(name).text();
  subject.field("method").oneOf(METHODS);
  subject.field("prior").oneOf(PRIORS);
  for (const name of ["largeFeatureMap", "skipMixed6e"]) subject.field(name).flag();
  const acolThreshold = subject.field("acolThreshold");
  if (!acolThreshold.isNull()) acolThreshold.number(0, 1);
  const epochs = subject.field("epochs");
  if (!epochs.isNull()) epochs.whole();
  const classes = subject.field("classes").list();
  for (const name of classes) name.text();
  for (const name of ["crop", "batchSize"]) subject.field(name).whole(1);
  subject.field("blur").number(0);
  subject.field("seed").whole();
  const supersets = subject.field("supersets");
  for (const own of supersets.isNull() ? [] : supersets.list(classes.length)) {
    for (const label of own.list()) label.whole(0, classes.length - 1);
  }
  return classes.length;
}

function checkMeasure(measure: Checked, classes: number): void {
  const what = measure.field("what").oneOf(Object.keys(OPTIONS) as MeasureName[]);
  const options = measure.field("options");
  OPTIONS[what](options);
  if (what !== "cue-localization") return;
  for (const pair of options.field("pairs").list()) {
    for (const label of pair.field("classes").list()) label.whole(0, classes - 1);
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
