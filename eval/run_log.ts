import { join } from "node:path";
import { UserError } from "../engine/errors.ts";

/**
 * Appends one JSON object to a run's `log.jsonl`.
 *
 * @throws {UserError} when it cannot be written
 */
export async function log(out: string, entry: Record<string, unknown>): Promise<void> {
  const path = join(out, "log.jsonl");
  try {
    await Deno.writeTextFile(path, JSON.stringify(entry) + "\n", { append: true });
  } catch (error) {
    throw new UserError(`${path} could not be written: ${(error as Error).message}`);
  }
}
