import { join } from "node:path";
import { UserError } from "../engine/errors.ts";
import { readText } from "./files.ts";
import { type Complain, forEachLine } from "./lines.ts";
import { parseIds } from "./wsol_lists.ts";

/** A box in pixels of its picture. */
type ListedBox = readonly [x0: number, y0: number, x1: number, y1: number];

/** Where the objects of a picture are. */
export interface Localization {
  /** Boxes in pixels of the picture, `x0, y0, x1, y1`. */
  readonly boxes: readonly ListedBox[];
  /** Paths of masks, one for each object. */
  readonly masks: readonly string[];
  /** Path of the mask of what does not count, if any. */
  readonly ignore: string | null;
  /** Width and height of the picture; null where the list has none (OpenImages). */
  readonly size: readonly [number, number] | null;
}

/** A `Localization` as it is collected. */
interface Place {
  readonly boxes: ListedBox[];
  readonly masks: string[];
  ignore: string | null;
  size: readonly [number, number] | null;
}

/** A decimal number, which `Number` alone would not tell from "", "0x10" or "Infinity". */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Reads a split's folder of the WSOL benchmark (wsolevaluation): `image_ids.txt`, `image_sizes.txt`
 * and `localization.txt`, in the order of the ids. An id may have spaces and commas: it is what
 * `image_ids.txt` says it is.
 *
 * @param complain told what else is wrong, when it returns; the line is left out
 * @throws {UserError} when a list is missing or, by default, malformed, or a picture has no box and
 * no mask
 */
export async function readWsolMetadata(
  folder: string,
  complain: Complain = refuse,
): Promise<ReadonlyMap<string, Localization>> {
  const [ids, sizes, localization] = ["image_ids.txt", "image_sizes.txt", "localization.txt"]
    .map((name) => join(folder, name));
  const places = new Map(
    parseIds(await readText(ids), ids, complain).map((id): [string, Place] => [
      id,
      { boxes: [], masks: [], ignore: null, size: null },
    ]),
  );
  parseSizes(await readText(sizes), sizes, places, complain);
  parseLocalization(await readText(localization), localization, places, complain);
  for (const [id, { boxes, masks, size }] of places) {
    if (boxes.length + masks.length === 0) complain(`${localization} has no line for ${id}`);
    if (boxes.length > 0 && !size) complain(`${sizes} has no line for ${id}`);
  }
  if (places.size === 0) complain(`${ids} is empty`);
  return places;
}

function parseSizes(
  text: string,
  path: string,
  places: ReadonlyMap<string, Place>,
  complain: Complain,
): void {
  forEachLine(text, (content, line) => {
    const cells = content.split(",");
    const [id, extents] = [
      cells.slice(0, -2).join(","),
      cells.slice(-2).map((cell) => cell.trim()),
    ];
    const [width, height] = extents.map(Number);
    const own = places.get(id);
    if (!extents.every((cell) => /^\d+(\.0*)?$/.test(cell)) || !(width * height > 0)) {
      const wanted = 'expected "id,width,height" in whole pixels';
      complain(`${path}:${line}: ${wanted}, found "${content}"`);
    } else if (!own) complain(`${path}:${line}: ${id} is not in image_ids.txt`);
    else if (own.size) complain(`${path}:${line}: the id ${id} appears twice`);
    else own.size = [width, height];
  });
}

function parseLocalization(
  text: string,
  path: string,
  places: ReadonlyMap<string, Place>,
  complain: Complain,
): void {
  forEachLine(text, (content, line) => {
    // The longest id that leaves a box or masks: ids may have commas, and so may masks.
    for (let comma = content.length; (comma = content.lastIndexOf(",", comma - 1)) > 0;) {
      const own = places.get(content.slice(0, comma));
      const found = own && (boxOf(content.slice(comma + 1)) ?? masksOf(content.slice(comma + 1)));
      if (!own || !found) continue;
      if ("mask" in found) {
        own.masks.push(found.mask);
        // The first line of a picture names what is to be ignored.
        own.ignore ??= found.ignore;
        return;
      }
      const [x0, y0, x1, y1] = found;
      if (x0 <= x1 && y0 <= y1) own.boxes.push(found);
      else complain(`${path}:${line}: the box ${found} ends before it begins`);
      return;
    }
    complain(`${path}:${line}: ${oddLine(content, places)}`);
  });
}

/** `x0,y0,x1,y1`, or null where it is something else. */
function boxOf(text: string): ListedBox | null {
  const cells = text.split(",").map((cell) => cell.trim());
  if (cells.length !== 4 || !cells.every((cell) => NUMBER.test(cell))) return null;
  const [x0, y0, x1, y1] = cells.map(Number);
  return [x0, y0, x1, y1];
}

/** `mask`, `mask,` or `mask,ignore`: paths of pictures, which have an ending. */
function masksOf(text: string): { readonly mask: string; readonly ignore: string | null } | null {
  const isPath = (path: string) => /\.\w+$/.test(path) && !NUMBER.test(path);
  for (let comma = text.indexOf(",");; comma = text.indexOf(",", comma + 1)) {
    const end = comma < 0 ? text.length : comma;
    const [mask, ignore] = [text.slice(0, end).trim(), text.slice(end + 1).trim()];
    if (isPath(mask) && (ignore === "" || isPath(ignore))) return { mask, ignore: ignore || null };
    if (comma < 0) return null;
  }
}

/** What is wrong with a line that says nothing of a known id. */
function oddLine(content: string, places: ReadonlyMap<string, Place>): string {
  const commas = [...content.matchAll(/,/g)].map(({ index }) => index);
  const known = commas.some((comma) => places.has(content.slice(0, comma)));
  const cells = content.split(",");
  const isBox = cells.length >= 5 && boxOf(cells.slice(-4).join(",")) !== null;
  if (!known && (isBox || (cells.length > 1 && masksOf(cells.slice(1).join(","))))) {
    return `${isBox ? cells.slice(0, -4).join(",") : cells[0]} is not in image_ids.txt`;
  }
  return `expected "id,x0,y0,x1,y1" or "id,mask,ignore", found "${content}"`;
}

function refuse(message: string): never {
  throw new UserError(message);
}
