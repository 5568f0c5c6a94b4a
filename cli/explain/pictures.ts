import { basename, extname, join, normalize } from "node:path";
import { decodePicture } from "../../data/codecs.ts";
import type { Picture } from "../../data/dataset.ts";
import { readFile } from "../../data/files.ts";
import { readOrientation, upright } from "../../data/orientation.ts";
import { FORMAT_BYTES, pictureFormat } from "../../data/picture_format.ts";
import { UserError } from "../../engine/errors.ts";
import { reasonOf } from "../../engine/reason.ts";
import { nameOutputs, type PictureFile } from "./names.ts";

const ENDINGS = [".jpg", ".jpeg", ".png", ".webp"];

/**
 * The picture files that arguments stand for: files, folders (all pictures in them), and patterns
 * with * and ? in the last part, for shells that do not expand them. Of a folder, pictures are what
 * is called so and what begins as one; links are followed, hidden files are left out.
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
  const distinct = new Map(paths.map((path) => [normalize(path), path]));
  return nameOutputs([...distinct.values()]);
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
  const isHidden = (name: string) => name.startsWith(".");
  if (stat?.isDirectory) return await listed(arg, (name) => !isHidden(name));
  const last = basename(arg);
  if (stat || !/[*?]/.test(last)) return [arg];
  const pattern = last.replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*").replaceAll("?", ".");
  const folder = arg.slice(0, arg.length - last.length);
  return await listed(folder || ".", (name) =>
    // As in a shell: hidden files are meant by patterns that begin with a dot only.
    new RegExp(`^${pattern}$`).test(name) && (isHidden(last) || !isHidden(name)));
}

async function listed(folder: string, wanted: (name: string) => boolean): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (!isDirectory && wanted(name)) names.push(name);
    }
  } catch (error) {
    throw new UserError(`${folder} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  const paths = names.sort().map((name) => join(folder, name));
  const pictures: string[] = [];
  for (const path of paths) if (await isPicture(path)) pictures.push(path);
  return pictures;
}

/** Whether a file, or what a link leads to, is called a picture or begins as one. */
async function isPicture(path: string): Promise<boolean> {
  const isCalledSo = ENDINGS.includes(extname(path).toLowerCase());
  const stat = await Deno.stat(path).catch(() => null);
  // A link that leads nowhere is not passed over without a word: reading it tells what is wrong.
  if (!stat) return isCalledSo;
  if (!stat.isFile) return false;
  return isCalledSo || await beginsAsPicture(path);
}

async function beginsAsPicture(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path);
    const head = new Uint8Array(FORMAT_BYTES);
    pictureFormat(head.subarray(0, await file.read(head) ?? 0), path);
    return true;
  } catch {
    return false;
  }
}
