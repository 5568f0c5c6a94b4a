import { join } from "node:path";
import { UserError } from "../../engine/errors.ts";
import { reasonOf } from "../../engine/reason.ts";

/** One line of a run's `log.jsonl`. */
export type LogEntry = Readonly<Record<string, unknown>>;

/**
 * Appends one JSON object to a run's `log.jsonl`. Where a killed program left half a line, the
 * entry gets a line of its own.
 *
 * @throws {UserError} when it cannot be written
 */
export async function log(out: string, entry: LogEntry): Promise<void> {
  const path = join(out, "log.jsonl");
  try {
    using file = await Deno.open(path, { read: true, append: true, create: true });
    const start = await endsWithinLine(file) ? "\n" : "";
    const bytes = new TextEncoder().encode(`${start}${JSON.stringify(entry)}\n`);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  } catch (error) {
    throw new UserError(`${path} could not be written: ${reasonOf(error)}`, { cause: error });
  }
}

/** The entries of a run's log that are whole; none where there is no log. */
export async function readLog(out: string): Promise<LogEntry[]> {
  const text = await Deno.readTextFile(join(out, "log.jsonl")).catch(() => "");
  return text.split("\n").flatMap((line) => {
    try {
      const entry: unknown = JSON.parse(line);
      return typeof entry === "object" && entry !== null ? [entry as LogEntry] : [];
    } catch {
      return [];
    }
  });
}

/** How long training took until an epoch was over, as the log has it; null where it has not. */
export async function timeOfEpoch(out: string, epoch: number): Promise<{
  readonly seconds: number | null;
  readonly imagesPerSecond: number | null;
  readonly resumedAt: number;
}> {
  const entry = (await readLog(out)).findLast((entry) => entry.epoch === epoch) ?? {};
  const numberOf = (key: string) => {
    const value = entry[key];
    return typeof value === "number" ? value : null;
  };
  return {
    seconds: numberOf("seconds"),
    imagesPerSecond: numberOf("images_per_second"),
    resumedAt: numberOf("resumed_at") ?? 0,
  };
}

async function endsWithinLine(file: Deno.FsFile): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  await file.seek(-1, Deno.SeekMode.End);
  const last = new Uint8Array(1);
  await file.read(last);
  return last[0] !== 0x0a;
}
