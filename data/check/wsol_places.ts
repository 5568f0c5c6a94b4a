import { join } from "node:path";
import { exists } from "../files.ts";
import type { Extents } from "../picture_header.ts";
import { type Localization, readWsolMetadata } from "../wsol_metadata.ts";
import { type Findings, some } from "./findings.ts";
import { missingFiles } from "./missing_files.ts";
import { checkPictures, type Thoroughness } from "./pictures.ts";

/** A split whose places are checked. */
export interface PlacedSplit {
  /**
   * With its lists; without `image_sizes.txt` or `localization.txt`, which the caller has told, nothing
   * is done.
   */
  readonly folder: string;
  /**
   * Folder that the paths of masks begin in; null where the split's pictures are not here, and masks
   * are not looked for.
   */
  readonly pictures: string | null;
  /** Of the pictures that are here, by their ids. */
  readonly sizes: ReadonlyMap<string, Extents>;
}

/** Checks the boxes, sizes and masks of a split. */
export async function checkPlaces(
  { folder, pictures, sizes }: PlacedSplit,
  findings: Findings,
  thoroughness: Thoroughness = {},
): Promise<void> {
  for (const list of ["image_sizes.txt", "localization.txt"]) {
    if (!await exists(join(folder, list))) return;
  }
  const complaints: string[] = [];
  const places = await readWsolMetadata(folder, (message) => complaints.push(message));
  // What is wrong with the ids is told with the other lists.
  const ids = join(folder, "image_ids.txt");
  findings.complaints(complaints.filter((message) => !message.startsWith(ids)));
  compareSizes(folder, places, sizes, findings);
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
  const files = { what: "masks", folder: pictures, names: masks, missing };
  await checkPictures(files, findings, thoroughness);
}

/** Boxes are scaled by the listed sizes, which have to be those of the files. */
function compareSizes(
  folder: string,
  places: ReadonlyMap<string, Localization>,
  sizes: ReadonlyMap<string, Extents>,
  findings: Findings,
): void {
  const wrong = [...places].flatMap(([id, { size }]) => {
    const found = sizes.get(id);
    const fits = !size || !found || (size[0] === found.width && size[1] === found.height);
    return fits ? [] : [`${id} is ${found.width}×${found.height}, not ${size.join("×")}`];
  });
  if (wrong.length === 0) return;
  findings.problems.push(
    `${folder}/image_sizes.txt: ${wrong.length} of ${sizes.size} pictures have another size: ` +
      some(wrong),
  );
}

/** A last column or row of `width` or `height` itself is taken for a bound that is left out. */
function boxesOutside({ boxes, size }: Localization): (readonly number[])[] {
  if (!size) return [];
  const [width, height] = size;
  return boxes.filter(([x0, y0, x1, y1]) => x0 < 0 || y0 < 0 || x1 > width || y1 > height);
}
