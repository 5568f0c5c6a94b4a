import { join } from "node:path";
import { exists, readText } from "../files.ts";
import type { Extents } from "../picture_header.ts";
import { wsolFolders, type WsolName } from "../wsol_dataset.ts";
import { parseIds, parseLabels } from "../wsol_lists.ts";
import type { Download } from "./downloads.ts";
import { checkClasses } from "./classes.ts";
import type { Counts, Findings } from "./findings.ts";
import { missingFiles } from "./missing_files.ts";
import { checkPictures, type Thoroughness } from "./pictures.ts";
import { checkPlaces } from "./wsol_places.ts";

type SplitName = "train" | "val" | "test";

/** Choe et al., 2020, and what fetches each split's pictures. */
const KNOWN: Readonly<
  Record<WsolName, {
    readonly published: Partial<Counts>;
    readonly pictures: Readonly<Record<SplitName, Download>>;
  }>
> = {
  CUB: {
    published: { classes: 200, train: 5994, val: 1000, test: 5794 },
    pictures: { train: "CUB", val: "CUBV2", test: "CUB" },
  },
  ILSVRC: {
    published: { classes: 1000, train: 1_281_167, val: 10_000, test: 50_000 },
    pictures: { train: "ILSVRC train", val: "ImageNetV2", test: "ILSVRC test" },
  },
  OpenImages: {
    published: { classes: 100, train: 29_819, val: 2_500, test: 5_000 },
    pictures: { train: "OpenImages", val: "OpenImages", test: "OpenImages" },
  },
};

/** What cannot be done without a split. */
const USES: Readonly<Record<SplitName, string>> = {
  train: "no model can be trained",
  val: "thresholds cannot be chosen on it",
  test: "nothing can be evaluated",
};

/** Checks a data set in wsolevaluation's layout (see `loadWsol`). */
export async function checkWsol(
  root: string,
  name: WsolName,
  findings: Findings,
  thoroughness: Thoroughness = {},
): Promise<Counts> {
  const { lists, pictures } = wsolFolders(root, name);
  const counts = { classes: 0, train: 0, val: 0, test: 0 };
  const labelsOf: Partial<Record<SplitName, readonly number[]>> = {};
  for (const split of ["train", "val", "test"] as const) {
    const folder = join(lists, split);
    const read = await readLists(folder, split, findings);
    if (!read) continue;
    const { ids, labels } = read;
    counts[split] = ids.size;
    labelsOf[split] = [...labels.values()];
    for (const label of labels.values()) counts.classes = Math.max(counts.classes, label + 1);
    const missing = await missingFiles(pictures, ids.keys());
    const download = KNOWN[name].pictures[split];
    const absent = split !== "test" && missing.length === ids.size;
    if (!absent) {
      findings.missing(`${split} pictures of ${pictures}`, missing, ids.size, download);
    } else if (ids.size > 0) {
      // Who only evaluates needs none.
      findings.remarks.push(
        `none of the ${ids.size} ${split} pictures of ${pictures} is there: ${USES[split]}`,
      );
      findings.downloads.add(download);
    }
    const sizes = new Map<string, Extents>();
    await checkPictures(
      { what: `${split} pictures`, folder: pictures, names: [...ids.keys()], missing },
      findings,
      thoroughness,
      // Training pictures have no places, and there may be a million.
      split === "train" ? undefined : (id, extents) => sizes.set(id, extents),
    );
    if (split === "train") continue;
    await checkPlaces(
      { folder, pictures: absent ? null : pictures, sizes },
      findings,
      thoroughness,
    );
  }
  const { train = null, val = null, test = null } = labelsOf;
  const names = Array.from({ length: counts.classes }, (_, label) => `class ${label}`);
  checkClasses(lists, names, { train, val, test }, findings);
  findings.compareCounts(name, counts, KNOWN[name].published);
  return counts;
}

/** The ids of a split and their labels, or null where there are no lists. */
async function readLists(folder: string, split: SplitName, findings: Findings) {
  if (!await exists(folder)) {
    (split === "test" ? findings.problems : findings.remarks).push(
      `${folder} is missing: ${USES[split]}` +
        (split === "train" ? ", and classes have no names" : ""),
    );
    findings.downloads.add("lists");
    return null;
  }
  const paths = ["image_ids.txt", "class_labels.txt"].map((list) => join(folder, list));
  const places = ["image_sizes.txt", "localization.txt"].map((list) => join(folder, list));
  let complete = true;
  for (const path of split === "train" ? paths : [...paths, ...places]) {
    if (await exists(path)) continue;
    if (paths.includes(path)) complete = false;
    findings.problems.push(
      `${path} is missing` + (path === places[0] ? " (of OpenImages an empty file)" : ""),
    );
    findings.downloads.add("lists");
  }
  if (!complete) return null;
  const complaints: string[] = [];
  const complain = (message: string) => complaints.push(message);
  const ids = new Map(parseIds(await readText(paths[0]), paths[0], complain).map((id) => [id, id]));
  const labels = parseLabels(await readText(paths[1]), paths[1], complain);
  if (ids.size === 0) complaints.push(`${paths[0]} is empty, expected an id a line`);
  findings.complaints(complaints);
  findings.unlisted(ids.keys(), labels, paths[1], paths[0]);
  findings.unlisted(labels.keys(), ids, paths[0], paths[1]);
  return { ids, labels };
}
