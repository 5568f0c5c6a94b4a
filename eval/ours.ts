import { exists } from "../data/files.ts";
import { UserError } from "../engine/errors.ts";
import { GENERATOR } from "./generator.ts";

/** The beginning of a document, in which its mark stands. */
const HEAD_BYTES = 4096;

/** How documents began before they had a mark. */
const EARLIER = [
  /^<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"\/>\n<meta name="viewport" [^>]*>\n<meta name="color-scheme" content="light dark"\/>\n<title>/,
  /^<svg xmlns="[^"]*" width="[\d.]+" height="[\d.]+" viewBox="[^"]*" font-family="DejaVu Sans, sans-serif"><rect width="100%" height="100%" fill="#fff"\/>/,
];

/**
 * Expects that there is no document of this name, or one that this program wrote.
 *
 * @throws {UserError} when there is one of others, which must not be replaced
 */
export async function expectOurs(path: string): Promise<void> {
  const head = await headOf(path);
  if (head === null || isOurs(head)) return;
  throw new UserError(foreign(path));
}

/**
 * The same for a drawing, `PATH.svg` and `PATH.png`: the one tells whose the other is.
 *
 * @throws {UserError} when there is one of others, which must not be replaced
 */
export async function expectOurDrawing(path: string): Promise<void> {
  await expectOurs(`${path}.svg`);
  if (await exists(`${path}.png`) && !await exists(`${path}.svg`)) {
    throw new UserError(foreign(`${path}.png`));
  }
}

function isOurs(head: string): boolean {
  return head.includes(`<meta name="generator" content="${GENERATOR}"/>`) ||
    head.includes(`<metadata>${GENERATOR}</metadata>`) || EARLIER.some((mark) => mark.test(head));
}

function foreign(path: string): string {
  return `${path} is there and was not written by this program: move it, or choose another folder ` +
    "with --out";
}

/** The first characters of a file; null where there is none. */
async function headOf(path: string): Promise<string | null> {
  try {
    using file = await Deno.open(path);
    const bytes = new Uint8Array(HEAD_BYTES);
    return new TextDecoder().decode(bytes.subarray(0, await file.read(bytes) ?? 0));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw new UserError(`${path} cannot be read: ${(error as Error).message}`);
  }
}
