import { UserError } from "../../../engine/errors.ts";
import { readFile } from "../../../data/files.ts";
import { writeAtomically } from "../../../weights/atomic_write.ts";
import { evaluationOf, type Measure, type Measured } from "../measures.ts";
import { ObjectLocalization } from "../wsol/object_localization.ts";
import { Checked } from "./checked.ts";
import { countsIn } from "./counts_check.ts";
import type { Counts, Job } from "./job.ts";

const FORMAT = "calm-counts-4";

/** Missing parts that a message names. */
const MOST_NAMED = 20;

/**
 * Writes counts to a file.
 *
 * @throws {UserError} when it cannot be written
 */
export async function saveCounts(path: string, counts: Counts): Promise<void> {
  const { job, shard, passes } = counts;
  const checksum = await checksumOf({ job, shard, passes });
  const text = JSON.stringify({ format: FORMAT, checksum, job, shard, passes });
  await writeAtomically(path, new TextEncoder().encode(text + "\n"));
}

/**
 * Reads a file of `saveCounts`.
 *
 * @throws {UserError} when it is missing or something else
 */
export async function readCounts(path: string): Promise<Counts> {
  const text = new TextDecoder().decode(await readFile(path));
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw new UserError(`${path} is damaged: it is no JSON, expected counts that eval wrote`);
  }
  const file = new Checked(path, "", found);
  const format = file.field("format").value;
  if (format !== FORMAT) {
    if (/^calm-counts-\d+$/.test(String(format))) {
      throw new UserError(
        `${path} holds counts of another version of this program: its format is "${format}", ` +
          `expected "${FORMAT}"; measure anew`,
      );
    }
    throw new UserError(
      `${path} holds no counts of an evaluation: its format is ${JSON.stringify(format)}, ` +
        `expected "${FORMAT}"`,
    );
  }
  const counts = countsIn(file);
  const checksum = file.field("checksum");
  if (checksum.value !== await checksumOf(counts)) {
    checksum.refuse("that of its contents, which were changed");
  }
  return counts;
}

/** SHA-256 in hexadecimal digits: a count that was changed looks like any other. */
async function checksumOf({ job, shard, passes }: Counts): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify({ job, shard, passes }));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", text)).toHex();
}

/**
 * @throws {UserError} when counts belong to another job than they are wanted for
 */
export function expectSameJob(path: string, found: Job, wanted: Job): void {
  const differing = (a: object, b: object) =>
    Object.keys({ ...a, ...b }).find((key) =>
      JSON.stringify(a[key as keyof typeof a]) !== JSON.stringify(b[key as keyof typeof b])
    );
  const subject = differing(found.subject, wanted.subject);
  if (subject) {
    const of = ({ subject: own }: Job) => shorten(own[subject as keyof typeof own]);
    throw new UserError(
      `${path} holds counts of another evaluation: ${subject} is ${of(found)} there and ` +
        `${of(wanted)} here`,
    );
  }
  if (JSON.stringify(found.passes) !== JSON.stringify(wanted.passes)) {
    throw new UserError(
      `${path} holds counts of the same model on the same data, but of other measures or options`,
    );
  }
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/**
 * Puts the shards of a job together.
 *
 * @param files the counts and where they came from
 * @throws {UserError} when they are of different jobs, overlap, or leave batches out
 */
export function mergeCounts(files: readonly { path: string; counts: Counts }[]): Counts {
  const [{ path: firstPath, counts: first }] = files;
  for (const { path, counts } of files) expectSameJob(path, counts.job, first.job);
  const passes = first.passes.map(({ batches }, p) => {
    const owner = new Map<number, string>();
    for (const { path, counts } of files) {
      if (counts.passes[p].batches !== batches) {
        throw new UserError(
          `${path} is of ${counts.passes[p].batches} batches and ${firstPath} of ${batches}: ` +
            `they are of different data`,
        );
      }
      for (const number of counts.passes[p].done) {
        const other = owner.get(number);
        if (other !== undefined) {
          throw new UserError(`${other} and ${path} both hold batch ${number}: use each once`);
        }
        owner.set(number, path);
      }
    }
    if (owner.size < batches) {
      const missing = Array.from({ length: batches }, (_, n) => n).filter((n) => !owner.has(n));
      const of = files.length === 1 ? firstPath : `The ${files.length} files`;
      const shards = new Set(missing.map((n) => `${n % first.shard.count}/${first.shard.count}`));
      const more = shards.size > MOST_NAMED ? `, … (${shards.size} in all)` : "";
      throw new UserError(
        `${of} hold ${owner.size} of ${batches} batches: run or finish --shard ` +
          [...shards].slice(0, MOST_NAMED).join(", ") + more,
      );
    }
    const measures = first.job.passes[p].measures;
    const evaluations = measures.map((measure, m) => {
      const evaluation = evaluationOf(measure);
      for (const { counts } of files) evaluation.merge(counts.passes[p].tallies[m]);
      return evaluation;
    });
    return {
      batches,
      done: [...owner.keys()].sort((a, b) => a - b),
      tallies: evaluations.map((evaluation) => evaluation.tally()),
    };
  });
  return { job: first.job, shard: { index: 0, count: 1 }, passes };
}

/**
 * What was measured. Thresholds of boxes come from the pass that was made to choose them, if there
 * is one.
 */
export function resultsOf({ job, passes }: Counts): Measured[] {
  const restored = job.passes.map(({ measures }, p) =>
    measures.map((measure, m) => {
      const evaluation = evaluationOf(measure);
      evaluation.merge(passes[p].tallies[m]);
      return { measure, evaluation };
    })
  );
  const tuned = restored.filter((_, p) => job.passes[p].choosesThresholds).flat();
  const thresholds = ({ what, options }: Measure) => {
    const same = tuned.find(({ measure }) =>
      JSON.stringify(measure) === JSON.stringify({ what, options })
    )?.evaluation;
    return same instanceof ObjectLocalization ? same.best() : undefined;
  };
  return restored.filter((_, p) => !job.passes[p].choosesThresholds).flat()
    .map(({ measure, evaluation }) => {
      const result = evaluation instanceof ObjectLocalization
        ? evaluation.result(thresholds(measure))
        : evaluation.result();
      return { ...measure, result } as Measured;
    });
}
