import { extname, join } from "node:path";
import { fileIdentities } from "../../data/files.ts";
import { UserError } from "../../engine/errors.ts";
import { reasonOf } from "../../engine/reason.ts";
import { expectOwnDrawing } from "../../eval/report/own_report.ts";
import type { Asked } from "./draw.ts";
import { asMapName, nameKey, type PictureFile } from "./names.ts";

/**
 * Expects that explaining pictures replaces none of them, whatever links and names lead to it, and no
 * drawing of others.
 *
 * @throws {UserError} before anything is written, naming the first file that would be lost
 */
export async function expectNothingLost(
  files: readonly PictureFile[],
  { folder, kinds, label }: Pick<Asked, "folder" | "kinds" | "label">,
): Promise<void> {
  const read = new Map<string, string>();
  for (const { path } of files) for (const id of await fileIdentities(path)) read.set(id, path);
  const names = new Map(files.map(({ name }) => [nameKey(name), name]));
  const outputsLike = (entry: string): string[] => {
    const ending = extname(entry).toLowerCase();
    const stem = entry.slice(0, entry.length - ending.length);
    const figure = names.get(nameKey(stem));
    const figures = figure !== undefined && [".png", ".svg"].includes(ending)
      ? [figure + ending]
      : [];
    if (![".png", ".npy"].includes(ending)) return figures;
    const maps = asMapName(stem, kinds)
      .map(({ stem, ...map }) => ({ ...map, name: names.get(nameKey(stem)) }))
      .filter((map) => map.name !== undefined && (label === null || map.label === label))
      .map(({ name, kind, label }) => `${name}-${kind}-${label}${ending}`);
    return [...figures, ...maps];
  };
  for (const entry of await entriesOf(folder)) {
    for (const output of outputsLike(entry)) {
      const path = join(folder, output);
      const input = (await fileIdentities(path)).map((id) => read.get(id)).find((found) => found);
      if (input === undefined) continue;
      throw new UserError(
        `${path} would be written over ${input}, a picture to explain: choose another --out`,
      );
    }
  }
  for (const { name } of files) await expectOwnDrawing(join(folder, name));
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw new UserError(`--out ${folder} cannot be read: ${reasonOf(error)}`);
  }
}
