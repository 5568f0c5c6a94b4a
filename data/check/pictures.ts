import { UserError } from "../../engine/errors.ts";
import { type Extents, readPictureHeader } from "../picture_header.ts";
import { Pictures } from "../pictures.ts";
import type { Findings } from "./findings.ts";

/** Files that are open at the same time: a disk has more to do than to wait for one. */
const AT_ONCE = 64;

/** How thoroughly pictures are looked at, and who is told. */
export interface Thoroughness {
  /** Decode every pixel; otherwise headers are read. */
  readonly decode?: boolean;
  /** Told how many of the pictures of a kind have been looked at. */
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/** Pictures that lie in one folder. */
export interface PictureFiles {
  /** `train pictures`, `masks`. */
  readonly what: string;
  readonly folder: string;
  /** Paths below the folder; of what is not there. */
  readonly names: readonly string[];
  readonly missing: readonly string[];
}

/**
 * Reads the headers of the pictures that are there, or decodes them, and tells which cannot be decoded.
 *
 * @param onExtents told the extents of each one whose header is sound
 */
export async function checkPictures(
  { what, folder, names, missing }: PictureFiles,
  findings: Findings,
  { decode = false, onProgress }: Thoroughness,
  onExtents: (name: string, extents: Extents) => void = () => {},
): Promise<void> {
  const absent = new Set(missing);
  const there = absent.size > 0 ? names.filter((name) => !absent.has(name)) : names;
  const decoder = decode ? decoderOf(there.map((name) => `${folder}/${name}`)) : null;
  const unsound: (string | undefined)[] = [];
  const look = async (index: number) => {
    try {
      // Paths are joined by hand: `join` would take seconds for a million.
      const extents = await readPictureHeader(`${folder}/${there[index]}`);
      await decoder?.get(index);
      onExtents(there[index], extents);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      unsound[index] = error.message;
    }
  };
  let [next, done] = [0, 0];
  const inTurn = async () => {
    while (next < there.length) {
      await look(next++);
      onProgress?.(what, ++done, there.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, inTurn)).finally(() => decoder?.close());
  findings.unsound(`${what} of ${folder}`, unsound.filter((m) => m !== undefined), there.length);
}

/** Decodes in workers; of the pixels nothing is kept. */
function decoderOf(paths: readonly string[]): Pictures {
  const workers = Math.max(1, Math.min(8, navigator.hardwareConcurrency));
  return new Pictures({ kind: "files", paths }, 1, { workers, cacheBytes: 0 });
}
