import { join } from "node:path";
import { UserError } from "../engine/errors.ts";
import { readFile } from "./files.ts";
import type { Complain } from "./lines.ts";

/** Where the objects of a picture are. */
export interface Localization {
  /** Boxes in pixels of the picture, `x0, y0, x1, y1`. */
  readonly boxes: readonly (readonly [number, number, number, number])[];
  /** Paths of masks, one for each object. */
  readonly masks: readonly string[];
  /** Path of the mask of what does not count, if any. */
  readonly ignore: string | null;
  /** Width and height of the picture; null where the list has none (OpenImages). */
  readonly size: readonly [number, number] | null;
}

/**
 * Reads a split's folder of the WSOL benchmark (wsolevaluation): `image_ids.txt`, `image_sizes.txt`
 * and `localization.txt`, in the order of the ids.
 *
 * @param complain told what else is wrong, when it returns; the line is left out
 * @throws {UserError} when a list is missing or, by default, malformed, or a picture has no box and
 * no mask
 */
export async function readWsolMetadata(
  folder: string,
  complain: Complain = refuse,
): Promise<ReadonlyMap<string, Localization>> {
  const places = new Map(
    (await readRows(folder, "image_ids.txt")).map(({ cells: [id] }) => [id, {
      boxes: [] as [number, number, number, number][],
      masks: [] as string[],
      ignore: null as string | null,
      size: null as [number, number] | null,
    }]),
  );
  for (const { path, line, cells: [id, ...rest] } of await readRows(folder, "image_sizes.txt")) {
    const own = places.get(id);
    const [width, height] = rest.map(Number);
    if (!own) complain(`${path}:${line}: ${id} is not in image_ids.txt`);
    else if (width > 0 && height > 0) own.size = [width, height];
    else complain(`${path}:${line}: expected "id,width,height"`);
  }
  for (const { path, line, cells: [id, ...rest] } of await readRows(folder, "localization.txt")) {
    const own = places.get(id);
    const numbers = rest.map(Number);
    if (!own) complain(`${path}:${line}: ${id} is not in image_ids.txt`);
    else if (rest.length === 4 && numbers.every(Number.isFinite)) {
      const [x0, y0, x1, y1] = numbers;
      if (x0 > x1 || y0 > y1) complain(`${path}:${line}: the box ${rest} ends before it begins`);
      else own.boxes.push([x0, y0, x1, y1]);
    } else if (rest.length >= 1 && rest.length <= 2) {
      own.masks.push(rest[0]);
      // The first line of a picture names what is to be ignored.
      if (rest[1]) own.ignore ??= rest[1];
    } else complain(`${path}:${line}: expected "id,x0,y0,x1,y1" or "id,mask,ignore"`);
  }
  for (const [id, { boxes, masks, size }] of places) {
    if (boxes.length + masks.length === 0) {
      complain(`${folder}/localization.txt has no line for ${id}`);
    }
    if (boxes.length > 0 && !size) complain(`${folder}/image_sizes.txt has no line for ${id}`);
  }
  if (places.size === 0) complain(`${folder}/image_ids.txt is empty`);
  return places;
}

async function readRows(folder: string, name: string) {
  const path = join(folder, name);
  const text = new TextDecoder().decode(await readFile(path));
  return text.split(/\r?\n/).flatMap((line, i) =>
    line.trim() === "" ? [] : [{ path, line: i + 1, cells: line.trim().split(",") }]
  );
}

function refuse(message: string): never {
  throw new UserError(message);
}
