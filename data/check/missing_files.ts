import { join, posix } from "node:path";
import { UserError } from "../../engine/errors.ts";
import { reasonOf } from "../../engine/reason.ts";

/**
 * Which of the files are not in a folder. Whole folders are listed rather than each file looked up:
 * ILSVRC has 1.28 million pictures in a thousand folders.
 *
 * @param names paths below `root`, with slashes
 * @throws {UserError} when a folder may not be read
 */
export async function missingFiles(root: string, names: Iterable<string>): Promise<string[]> {
  const missing: string[] = [];
  const byFolder = Map.groupBy(names, (name) => posix.dirname(name));
  for (const [folder, own] of byFolder) {
    const found = await fileNames(join(root, folder));
    missing.push(...own.filter((name) => !found.has(posix.basename(name))));
  }
  return missing;
}

async function fileNames(folder: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  try {
    for await (const { name } of Deno.readDir(folder)) names.add(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) {
      throw new UserError(`${folder} cannot be read: ${reasonOf(error)}`, { cause: error });
    }
  }
  return names;
}
