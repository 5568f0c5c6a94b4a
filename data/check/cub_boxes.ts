import { join } from "node:path";
import type { Extents } from "../picture_header.ts";
import { Pairs } from "../cub_lists.ts";
import { readText } from "../files.ts";
import { type Findings, some } from "./findings.ts";

/**
 * Checks `bounding_boxes.txt`, `id x y width height`, against the lists and the pictures.
 *
 * @param sizes of the pictures that are there and sound, by their names in images.txt
 */
export async function checkCubBoxes(
  folder: string,
  images: Pairs,
  sizes: ReadonlyMap<string, Extents>,
  findings: Findings,
): Promise<void> {
  const path = join(folder, "bounding_boxes.txt");
  const complaints: string[] = [];
  const boxes = new Pairs(path, await readText(path), (message) => complaints.push(message));
  findings.unlisted(images.values.keys(), boxes.values, path, images.path);
  findings.unlisted(boxes.values.keys(), images.values, images.path, path);
  const outside: string[] = [];
  for (const [id, text] of boxes.values) {
    const numbers = text.split(/\s+/).map(Number);
    const [x, y, width, height] = numbers;
    if (numbers.length !== 4 || !numbers.every(Number.isFinite)) {
      complaints.push(`${boxes.place(id)}: expected "image x y width height", found "${text}"`);
      continue;
    }
    if (!(width > 0 && height > 0)) {
      complaints.push(`${boxes.place(id)}: the box ${numbers} ends before it begins`);
      continue;
    }
    const name = images.values.get(id);
    const size = name === undefined ? undefined : sizes.get(name);
    if (size && (x < 0 || y < 0 || x + width > size.width || y + height > size.height)) {
      outside.push(`${x},${y} + ${width}×${height} of ${name} (${size.width}×${size.height})`);
    }
  }
  findings.complaints(complaints);
  if (outside.length > 0) {
    // Measured as they are: maps end where the picture does.
    findings.remarks.push(
      `${path}: ${outside.length} of ${boxes.values.size} boxes reach out of their picture: ` +
        some(outside),
    );
  }
}
