import { extname, join } from "node:path";
import { fileIdentities } from "../../data/files.ts";
import { UserError } from "../../engine/errors.ts";
import { reasonOf } from "../../engine/reason.ts";
import { expectOwnDrawing } from "../../eval/present/report/own_report.ts";
import { type Asked, folderOf, type NamedModel } from "./draw.ts";
import { asMapName, nameKey, type PictureFile } from "./names.ts";

/**
 * Expects that explaining pictures replaces none of them, whatever links and names lead to it, and no
 * drawing of others.
 *
 * @throws {UserError} before anything is written, naming the first file that would be lost
 */
export async function expectNothingLost(
  files: readonly PictureFile[],
  asked: Pick<Asked, "folder" | "models" | "label">,
): Promise<void> {
  const read = new Map<string, string>();
  for (const { path } of files) for (const id of await fileIdentities(path)) read.set(id, path);
  const names = new Map(files.map(({ name }) => [nameKey(name), name]));
  const figuresLike = (stem: string, ending: string): string[] => {
    const figure = names.get(nameKey(stem));
    return figure !== undefined && [".png", ".svg"].includes(ending) ? [figure + ending] : [];
  };
  const mapsLike = (stem: string, ending: string, kinds: NamedModel["kinds"]): string[] => {
    if (![".png", ".npy"].includes(ending)) return [];
    return asMapName(stem, kinds)
      .map(({ stem, ...map }) => ({ ...map, name: names.get(nameKey(stem)) }))
      .filter(({ name, label }) =>
        name !== undefined && (asked.label === null || asked.label === label)
      )
      .map(({ name, kind, label }) => `${name}-${kind}-${label}${ending}`);
  };
  /** Refuses what would be written over an input, of the outputs whose names are like an entry's. */
  const expectFree = async (
    folder: string,
    outputsLike: (stem: string, ending: string) => string[],
  ) => {
    for (const entry of await entriesOf(folder)) {
      const ending = extname(entry);
      const stem = entry.slice(0, entry.length - ending.length);
      for (const output of outputsLike(stem, ending.toLowerCase())) {
        const path = join(folder, output);
        const input = (await fileIdentities(path)).map((id) => read.get(id)).find((found) => found);
        if (input === undefined) continue;
        throw new UserError(
          `${path} would be written over ${input}, a picture to explain: choose another --out`,
        );
      }
    }
  };
  await expectFree(asked.folder, figuresLike);
  for (const model of asked.models) {
    await expectFree(
      folderOf(asked, model),
      (stem, ending) => mapsLike(stem, ending, model.kinds),
    );
  }
  for (const { name } of files) await expectOwnDrawing(join(asked.folder, name));
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw new UserError(`--out ${folder} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}
