import { UserError } from "../engine/errors.ts";

/**
 * Reads a whole file.
 *
 * @throws {UserError} when it is missing or may not be read
 */
export async function readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new UserError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

/**
 * Reads a whole text file.
 *
 * @throws {UserError} when it is missing or may not be read
 */
export async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readFile(path));
}

/**
 * Whether there is a file or folder of this name.
 *
 * @throws {UserError} when that may not be known
 */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw new UserError(`${path} cannot be read: ${(error as Error).message}`);
  }
}
