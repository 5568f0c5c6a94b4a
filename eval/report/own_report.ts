import { exists, readText } from "../../data/files.ts";
import { UserError } from "../../engine/errors.ts";

/** What every page of this program says of who made it. */
export const GENERATOR = '<meta name="generator" content="CALM on WebGPU"/>';

/** How pages began before they said so. */
const EARLIER = '<header class="opening';

/**
 * Looks at a report that would be replaced.
 *
 * @throws {UserError} when there is a file of that name that this program did not write
 */
export async function expectOwnReport(path: string): Promise<void> {
  if (!await exists(path)) return;
  const text = await readText(path);
  if (text.includes(GENERATOR) || text.includes(EARLIER)) return;
  throw new UserError(
    `${path} was not written by this program, and a report would replace it: move it away, or ` +
      "choose another --out",
  );
}
