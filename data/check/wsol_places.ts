import { join } from "node:path";
import { exists } from "../files.ts";
import { type Localization, readWsolMetadata } from "../wsol_metadata.ts";
import { type Findings, some } from "./findings.ts";
import { missingFiles } from "./missing_files.ts";

/**
 * Checks the boxes and masks of a split.
 *
 * @param folder with its lists; without `image_sizes.txt` or `localization.txt`, which the caller
 * has told, nothing is done
 * @param pictures folder that the paths of masks begin in; null where the split's pictures are not
 * here, and masks are not looked for
 */
export async function checkPlaces(
  folder: string,
  pictures: string | null,
  findings: Findings,
): Promise<void> {
  for (const list of ["image_sizes.txt", "localization.txt"]) {
    if (!await exists(join(folder, list))) return;
  }
  const complaints: string[] = [];
  const places = await readWsolMetadata(folder, (message) => complaints.push(message));
  // What is wrong with the ids is told with the other lists.
  const ids = join(folder, "image_ids.txt");
  findings.complaints(complaints.filter((message) => !message.startsWith(ids)));
  const outside = [...places].flatMap(([id, place]) =>
    boxesOutside(place).map((box) => `${box} of ${id} (${place.size!.join("×")})`)
  );
  const boxes = [...places.values()].reduce((sum, place) => sum + place.boxes.length, 0);
  if (outside.length > 0) {
    // Counted as they are by the benchmark, too.
    findings.remarks.push(
      `${folder}/localization.txt: ${outside.length} of ${boxes} boxes reach out of their picture: ` +
        some(outside),
    );
  }
  if (pictures === null) return;
  const masks = [...places.values()].flatMap(({ masks, ignore }) =>
    ignore === null ? masks : [...masks, ignore]
  );
  const missing = await missingFiles(pictures, masks);
  findings.missing(`masks of ${pictures}`, missing, masks.length, "OpenImages masks");
}

/** A last column or row of `width` or `height` itself is taken for a bound that is left out. */
function boxesOutside({ boxes, size }: Localization): (readonly number[])[] {
  if (!size) return [];
  const [width, height] = size;
  return boxes.filter(([x0, y0, x1, y1]) => x0 < 0 || y0 < 0 || x1 > width || y1 > height);
}
