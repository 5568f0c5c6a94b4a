import type { Json } from "../evaluation.ts";
import type { Measure } from "../measures.ts";
import type { Subject } from "./subject.ts";

/** One way through the pictures of a split. */
export interface Pass {
  readonly split: "test" | "val" | "train";
  /** Only pictures of the classes of the measures' pairs. */
  readonly pairedOnly: boolean;
  /** Made to choose the thresholds of boxes; reported at on another pass. */
  readonly choosesThresholds: boolean;
  readonly measures: readonly Measure[];
}

/** Everything that decides the numbers of an evaluation, as plain data. */
export interface Job {
  readonly subject: Subject;
  readonly passes: readonly Pass[];
}

/** Part `index` (from 0) of `count`: the batches whose number is `index` modulo `count`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** What was counted of a job, or of a shard of it. */
export interface Counts {
  readonly job: Job;
  readonly shard: Shard;
  readonly passes: readonly {
    /** All batches of the pass, of this shard and of others. */
    readonly batches: number;
    /** Numbers of the batches that are in the tallies. */
    readonly done: readonly number[];
    /** In the order of the pass's measures. */
    readonly tallies: readonly Json[];
  }[];
}
