import { basename, join } from "node:path";
import { exists } from "../../data/files.ts";
import { UserError } from "../../engine/errors.ts";
import { reasonOf } from "../../engine/reason.ts";
import { mergeCounts, readCounts, resultsOf } from "../../eval/measures/job/counts.ts";
import type { MeasuredModel } from "../../eval/present/tables/rows.ts";

/**
 * Models whose counts lie in some files or folders, their parts put together; the files' names tell
 * the models apart.
 *
 * @throws {UserError} when parts are missing or do not fit
 */
export async function modelsOf(paths: readonly string[]): Promise<MeasuredModel[]> {
  const byLabel = Map.groupBy(
    await readAll(paths),
    ({ path }) => basename(path).replace(/(\.\d+-of-\d+)?\.json$/, ""),
  );
  return [...byLabel].map(([label, files]) => putTogether(label, files));
}

/** The one model of which all files are parts. */
export async function modelOf(paths: readonly string[]): Promise<MeasuredModel> {
  return putTogether("", await readAll(paths));
}

function putTogether(label: string, files: Awaited<ReturnType<typeof readAll>>): MeasuredModel {
  const counts = mergeCounts(files);
  return { label, subject: counts.job.subject, measured: resultsOf(counts) };
}

async function readAll(paths: readonly string[]) {
  const files = (await Promise.all(paths.map(listCounts))).flat();
  if (files.length === 0) {
    throw new UserError(`${paths.join(", ")} holds no counts of an evaluation`);
  }
  return await Promise.all(files.map(async (path) => ({ path, counts: await readCounts(path) })));
}

async function listCounts(path: string): Promise<string[]> {
  const { isDirectory } = await Deno.stat(path).catch((error) => {
    throw new UserError(`${path} cannot be read: ${reasonOf(error)}`, { cause: error });
  });
  if (!isDirectory) return [path];
  const folder = await exists(join(path, "counts")) ? join(path, "counts") : path;
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) if (name.endsWith(".json")) names.push(name);
  } catch (error) {
    throw new UserError(`${folder} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  return names.sort().map((name) => join(folder, name));
}
