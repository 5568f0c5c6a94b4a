import { UserError } from "../engine/errors.ts";
import { reasonOf } from "../engine/reason.ts";

/**
 * Reads a whole file.
 *
 * @throws {UserError} when it is missing or may not be read
 */
export async function readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new UserError(`${path} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * Reads a whole text file in UTF-8, without its byte order mark.
 *
 * @throws {UserError} when it is missing, may not be read or is in UTF-16
 */
export async function readText(path: string): Promise<string> {
  const bytes = await readFile(path);
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new UserError(`${path} is text in UTF-16, expected UTF-8: save it as that`);
  }
  return new TextDecoder().decode(bytes);
}

/**
 * What tells whether two paths are of one file, by whatever links, spelling or case: none where there
 * is no file.
 */
export async function fileIdentities(path: string): Promise<string[]> {
  try {
    const { dev, ino } = await Deno.stat(path);
    return [await Deno.realPath(path), ...(ino ? [`${dev} ${ino}`] : [])];
  } catch {
    return [];
  }
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
    throw new UserError(`${path} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}
