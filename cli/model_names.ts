import { basename, dirname, resolve, sep } from "node:path";
import { UserError } from "../engine/errors.ts";
import { nameKey } from "./explain/names.ts";

/**
 * What checkpoints are called, apart even where a file system takes names for the same: by their
 * folders; in one folder by their files; else by folder and file, or as many folders as it takes.
 *
 * @throws {UserError} for a checkpoint that is there twice
 */
export function modelNames(checkpoints: readonly string[]): string[] {
  const paths = checkpoints.map((path) => resolve(path));
  const twice = paths.findIndex((path, i) => paths.indexOf(path) !== i);
  if (twice >= 0) {
    throw new UserError(`--checkpoint has ${checkpoints[twice]} twice, expected each model once`);
  }
  const folders = paths.map((path) => dirname(path).split(sep).filter(Boolean));
  const files = paths.map((path) => basename(path).replace(/\.[^.]*$/, ""));
  const last = (count: number) => folders.map((parts) => parts.slice(-count).join("-") || "model");
  const withFiles = (names: readonly string[]) =>
    names.map((name, i) => isAlone(names, i) ? name : `${name}-${files[i]}`);
  const isOneFolder = new Set(paths.map((path) => dirname(path))).size === 1;
  const deepest = Math.max(...folders.map((parts) => parts.length));
  const tries = [
    last(1),
    ...(isOneFolder ? [files] : []),
    ...Array.from({ length: deepest }, (_, i) => [withFiles(last(i + 1)), last(i + 2)]).flat(),
  ];
  const names = tries.find((names) => names.every((_, i) => isAlone(names, i)));
  if (names) return names;
  throw new UserError(`--checkpoint has files that are called the same: ${checkpoints.join(", ")}`);
}

function isAlone(names: readonly string[], i: number): boolean {
  return names.every((name, j) => j === i || nameKey(name) !== nameKey(names[i]));
}
