import { untrainedClasses } from "../untrained_classes.ts";
import { type Findings, some } from "./findings.ts";

/** The labels of a split's pictures, from 0; null where the split is not listed. */
export interface LabelsBySplit {
  readonly train: Iterable<number> | null;
  readonly val?: Iterable<number> | null;
  readonly test: Iterable<number> | null;
}

/**
 * Tells classes without pictures.
 *
 * @param place the folder or list that says which class a picture has
 * @param names of all classes; those of numbered ones are made up
 */
export function checkClasses(
  place: string,
  names: readonly string[],
  { train, val, test }: LabelsBySplit,
  findings: Findings,
): void {
  const trained = new Set(train);
  // That there are no training pictures at all is told elsewhere.
  const untrained = trained.size > 0 && untrainedClasses(names, trained);
  if (untrained) findings.problems.push(`${place}: ${untrained}`);
  const labels = new Set([...trained, ...val ?? [], ...test ?? []]);
  if (trained.size === 0 && labels.size > 0 && !labels.has(0)) {
    findings.remarks.push(
      `${place}: the smallest label is ${smallest(labels)}; labels are taken to count from 0`,
    );
  }
  if (!test || labels.size === 0) return;
  const tested = new Set(test);
  const untested = names.filter((_, label) => labels.has(label) && !tested.has(label));
  if (untested.length > 0 && tested.size > 0) {
    const have = untested.length === 1 ? "has" : "have";
    findings.remarks.push(
      `${place}: ${untested.length} of ${names.length} classes ${have} no test picture: ` +
        some(untested),
    );
  }
}

function smallest(labels: Iterable<number>): number {
  let least = Infinity;
  for (const label of labels) least = Math.min(least, label);
  return least;
}
