import { basename, extname, join } from "node:path";
import { decodePicture } from "../../data/codecs.ts";
import type { Picture } from "../../data/dataset.ts";
import { readFile } from "../../data/files.ts";
import { readOrientation, upright } from "../../data/orientation.ts";
import { UserError } from "../../engine/errors.ts";

const ENDINGS = [".jpg", ".jpeg", ".png", ".webp"];

/** A picture file and what its outputs are called. */
export interface PictureFile {
  readonly path: string;
  readonly name: string;
}

/**
 * The picture files that arguments stand for: files, folders (all pictures in them), and patterns
 * with * and ? in the last part, for shells that do not expand them.
 *
 * @throws {UserError} when an argument stands for none
 */
export async function pictureFiles(args: readonly string[]): Promise<PictureFile[]> {
  const paths: string[] = [];
  for (const arg of args) {
    const found = await expand(arg);
    if (found.length === 0) throw new UserError(`${arg}: no picture (${ENDINGS.join(", ")}) there`);
    paths.push(...found);
  }
  return nameOutputs([...new Set(paths)]);
}

/**
 * Calls outputs after their pictures. Pictures of one name, from several folders or with several
 * endings, get `-2`, `-3` … behind it, in their order, past names that are taken; capitals do not
 * tell names apart, for some file systems do not either.
 */
export function nameOutputs(paths: readonly string[]): PictureFile[] {
  const stemOf = (path: string) => basename(path, extname(path));
  const taken = new Set<string>();
  const first = paths.map((path) => {
    const key = stemOf(path).toLowerCase();
    const isFirst = !taken.has(key);
    taken.add(key);
    return isFirst;
  });
  return paths.map((path, i) => {
    const stem = stemOf(path);
    if (first[i]) return { path, name: stem };
    for (let n = 2;; n++) {
      const name = `${stem}-${n}`;
      if (taken.has(name.toLowerCase())) continue;
      taken.add(name.toLowerCase());
      return { path, name };
    }
  });
}

/**
 * Reads a picture as a person sees it: turned upright where its EXIF data say so.
 *
 * @throws {UserError} when it is missing or damaged
 */
export async function readUpright(path: string): Promise<Picture> {
  const bytes = await readFile(path);
  return upright(await decodePicture(bytes, path), readOrientation(bytes));
}

async function expand(arg: string): Promise<string[]> {
  const stat = await Deno.stat(arg).catch(() => null);
  if (stat?.isDirectory) return await listed(arg, () => true);
  if (stat || !/[*?]/.test(basename(arg))) return [arg];
  const pattern = basename(arg).replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*").replaceAll("?", ".");
  const folder = arg.slice(0, arg.length - basename(arg).length);
  return await listed(folder || ".", (name) => new RegExp(`^${pattern}$`).test(name));
}

/** Pictures of a folder, links to pictures among them; hidden files are not meant. */
async function listed(folder: string, wanted: (name: string) => boolean): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isFile, isSymlink } of Deno.readDir(folder)) {
      const isPicture = isFile || (isSymlink && await leadsToFile(join(folder, name)));
      if (
        !name.startsWith(".") && isPicture && ENDINGS.includes(extname(name).toLowerCase()) &&
        wanted(name)
      ) names.push(name);
    }
  } catch (error) {
    throw new UserError(`${folder} cannot be read: ${(error as Error).message}`);
  }
  return names.sort().map((name) => join(folder, name));
}

async function leadsToFile(link: string): Promise<boolean> {
  return await Deno.stat(link).then(({ isFile }) => isFile, () => false);
}
