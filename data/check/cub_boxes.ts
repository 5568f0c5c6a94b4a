import { join } from "node:path";
import { Pairs } from "../cub_lists.ts";
import { readText } from "../files.ts";
import { type Findings, some } from "./findings.ts";
import { pictureSize } from "./picture_size.ts";

/** Checks `bounding_boxes.txt`, `id x y width height`, against the lists and the pictures. */
export async function checkCubBoxes(
  folder: string,
  images: Pairs,
  findings: Findings,
): Promise<void> {
  const path = join(folder, "bounding_boxes.txt");
  const complaints: string[] = [];
  const boxes = new Pairs(path, await readText(path), (message) => complaints.push(message));
  findings.unlisted(images.values.keys(), boxes.values, path, images.path);
  findings.unlisted(boxes.values.keys(), images.values, images.path, path);
  const outside: string[] = [];
  const unreadable: string[] = [];
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
    const size = name && await sizeOf(join(folder, "images", name));
    if (size === null) unreadable.push(name!);
    else if (size && (x < 0 || y < 0 || x + width > size[0] || y + height > size[1])) {
      outside.push(`${x},${y} + ${width}×${height} of ${name} (${size.join("×")})`);
    }
  }
  findings.complaints(complaints);
  if (unreadable.length > 0) {
    findings.problems.push(
      `${unreadable.length} of ${images.values.size} pictures have no header of a JPEG or PNG file: ` +
        some(unreadable),
    );
  }
  if (outside.length > 0) {
    // Measured as they are: maps end where the picture does.
    findings.remarks.push(
      `${path}: ${outside.length} of ${boxes.values.size} boxes reach out of their picture: ` +
        some(outside),
    );
  }
}

/** Undefined where the picture is missing, which is told elsewhere. */
async function sizeOf(path: string): Promise<readonly [number, number] | null | undefined> {
  try {
    return await pictureSize(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
