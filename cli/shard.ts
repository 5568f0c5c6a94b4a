import { UserError } from "../engine/errors.ts";
import type { Shard } from "../eval/measures/job/job.ts";
import type { ParsedOptions } from "./options.ts";

/** `--shard I/N`, or the whole. */
export function shardOf(options: ParsedOptions): Shard {
  const text = options.text("shard");
  if (text === undefined) return { index: 0, count: 1 };
  const [, index, count] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (!(index < count)) {
    throw new UserError(`--shard is "${text}", expected I/N with I from 0 to N − 1, such as 0/4`);
  }
  return { index, count };
}
