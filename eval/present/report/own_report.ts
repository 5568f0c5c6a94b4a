import { exists } from "../../../data/files.ts";
import { UserError } from "../../../engine/errors.ts";
import { reasonOf } from "../../../engine/reason.ts";

/** What files say of who made them. */
export const PROGRAM = "CALM on WebGPU";

/** What every page of this program says of who made it. */
export const GENERATOR = `<meta name="generator" content="${PROGRAM}"/>`;

/** What every drawing of this program says of who made it. */
export const DRAWN_BY = `<metadata>${PROGRAM}</metadata>`;

/** What every PDF file of this program says of who made it. */
const PRODUCED_BY = `(${PROGRAM})`;

/** How pages and drawings began before they said so. */
const EARLIER_PAGE = '<header class="opening';
const EARLIER_DRAWING =
  /^<svg [^>]* font-family="DejaVu Sans, sans-serif"><rect width="100%" height="100%" fill="#fff"\/>/;

/** The beginning of a drawing, in which its mark stands. */
const HEAD_BYTES = 4096;

/**
 * Looks at a report that would be replaced.
 *
 * @throws {UserError} when there is a file of that name that this program did not write
 */
export async function expectOwnReport(path: string): Promise<void> {
  const text = await textOf(path);
  if (text === null || text.includes(GENERATOR) || text.includes(EARLIER_PAGE)) return;
  throw foreign(path, "a report");
}

/**
 * Looks at a drawing that would be replaced, `PATH.svg`, `PATH.png` and `PATH.pdf`: the first tells
 * whose the second is.
 *
 * @throws {UserError} when one of them is there that this program did not write
 */
export async function expectOwnDrawing(path: string): Promise<void> {
  const svg = await textOf(`${path}.svg`, HEAD_BYTES);
  if (svg !== null && !svg.includes(DRAWN_BY) && !EARLIER_DRAWING.test(svg)) {
    throw foreign(`${path}.svg`, "a drawing");
  }
  if (svg === null && await exists(`${path}.png`)) throw foreign(`${path}.png`, "a drawing");
  const pdf = await textOf(`${path}.pdf`);
  if (pdf !== null && !pdf.includes(PRODUCED_BY)) throw foreign(`${path}.pdf`, "a drawing");
}

function foreign(path: string, what: string): UserError {
  return new UserError(
    `${path} was not written by this program, and ${what} would replace it: move it away, or ` +
      "choose another --out",
  );
}

/** A file's text, or the first of it, whatever its encoding; null where there is none. */
async function textOf(path: string, most?: number): Promise<string | null> {
  if (!await exists(path)) return null;
  try {
    if (most === undefined) return new TextDecoder().decode(await Deno.readFile(path));
    using file = await Deno.open(path);
    const bytes = new Uint8Array(most);
    return new TextDecoder().decode(bytes.subarray(0, await file.read(bytes) ?? 0));
  } catch (error) {
    throw new UserError(`${path} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}
