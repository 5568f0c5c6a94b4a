import { basename, join, resolve } from "node:path";
import { BIRDS_RECORD } from "../birds/record.ts";
import { readClassAttributes, readKeyPoints, segmentationName } from "../cub_annotations.ts";
import { checkClassNames, CUB_LISTS, Pairs } from "../cub_lists.ts";
import { exists, readText } from "../files.ts";
import { type Extents, haveSameForm } from "../picture_header.ts";
import { UserError } from "../../engine/errors.ts";
import { checkClasses } from "./classes.ts";
import { checkCubBoxes } from "./cub_boxes.ts";
import { type Counts, type Findings, some } from "./findings.ts";
import { missingFiles } from "./missing_files.ts";
import { checkPictures, type PictureFiles, type Thoroughness } from "./pictures.ts";

/** Folder of CUB-200-2011's first class. */
const FIRST_CLASS = "001.Black_footed_Albatross";

/** Wah et al., 2011; the drawn birds are as many as was asked for. */
const PUBLISHED = { classes: 200, train: 5994, test: 5794 };

/** The folder of CUB-200-2011's lists: `root`, or CUB_200_2011 below it; null for neither. */
export async function findCub(root: string): Promise<string | null> {
  for (const folder of [root, join(root, "CUB_200_2011")]) {
    for (const list of CUB_LISTS) if (await exists(join(folder, list))) return folder;
  }
  return null;
}

/** Checks the lists, pictures and annotations of a folder in CUB-200-2011's layout. */
export async function checkCub(
  folder: string,
  findings: Findings,
  thoroughness: Thoroughness = {},
): Promise<Counts> {
  const lists: (Pairs | null)[] = [];
  for (const list of CUB_LISTS) lists.push(await readPairs(join(folder, list), findings));
  const [images, labels, splits, classes] = lists;
  const odd: string[] = [];
  if (classes) checkClassNames(classes, (message) => odd.push(message));
  findings.complaints(odd);
  const sizes = new Map<string, Extents>();
  if (images) {
    for (const other of [labels, splits]) {
      if (!other) continue;
      findings.unlisted(images.values.keys(), other.values, other.path, images.path);
      findings.unlisted(other.values.keys(), images.values, images.path, other.path);
    }
    const names = [...images.values.values()];
    const files = await look(join(folder, "images"), "pictures", names);
    findings.missing(`pictures of ${folder}/images`, files.missing, names.length, "cub");
    await checkPictures(files, findings, thoroughness, (name, size) => sizes.set(name, size));
  }
  const unknown = labels && classes
    ? [...labels.values].filter(([, label]) => !classes.values.has(label))
    : [];
  if (unknown.length > 0) {
    const places = unknown.map(([id, label]) => `${label} of picture ${id} (${labels!.place(id)})`);
    findings.problems.push(
      `${classes!.path} lacks the classes of ${unknown.length} of ${labels!.values.size} labels: ` +
        some(places),
    );
  }
  const counts = { classes: classes?.values.size ?? 0, val: 0, ...countSplits(splits, findings) };
  if (images && labels && classes) checkPlaces({ images, labels, classes }, findings);
  if (labels && splits && classes) checkCubClasses({ labels, splits, classes }, findings);
  await checkAnnotations(
    { folder, images, sizes, classes: counts.classes },
    findings,
    thoroughness,
  );
  const isDrawn = await exists(join(folder, BIRDS_RECORD));
  if (isDrawn && findings.downloads.size > 0) {
    findings.remarks.push(`${folder} was made by ./calm data birds: removed, it is drawn again`);
  }
  if (!isDrawn && isCub(folder, images, classes)) {
    findings.compareCounts("CUB-200-2011", counts, PUBLISHED);
  } else {
    // CUB's files would not mend data of another kind.
    findings.downloads.clear();
  }
  return counts;
}

/** Whether a folder holds CUB-200-2011 or a part of it, rather than other pictures in its layout. */
function isCub(folder: string, images: Pairs | null, classes: Pairs | null): boolean {
  const names = [...classes?.values.values() ?? [], ...images?.values.values() ?? []];
  return basename(resolve(folder)) === "CUB_200_2011" ||
    names.some((name) => name.startsWith(FIRST_CLASS));
}

/** Pictures that are listed twice, or lie in the folder of another class than their label's. */
function checkPlaces(
  { images, labels, classes }: {
    readonly images: Pairs;
    readonly labels: Pairs;
    readonly classes: Pairs;
  },
  findings: Findings,
): void {
  const names = new Set(classes.values.values());
  const seen = new Map<string, string>();
  const complaints: string[] = [];
  const elsewhere: string[] = [];
  for (const [id, path] of images.values) {
    const first = seen.get(path);
    if (first) complaints.push(`${images.place(id)}: ${path} appears twice, first at ${first}`);
    else seen.set(path, images.place(id));
    const [folder] = path.split("/");
    const name = classes.values.get(labels.values.get(id) ?? "");
    if (name !== undefined && name !== folder && names.has(folder)) {
      elsewhere.push(`${path} as ${name} (${labels.place(id)})`);
    }
  }
  findings.complaints(complaints);
  if (elsewhere.length === 0) return;
  findings.remarks.push(
    `${elsewhere.length} pictures are labelled with other classes than their folders are called: ` +
      some(elsewhere),
  );
}

function checkCubClasses(
  { labels, splits, classes }: {
    readonly labels: Pairs;
    readonly splits: Pairs;
    readonly classes: Pairs;
  },
  findings: Findings,
): void {
  const indices = new Map([...classes.values.keys()].map((id, index) => [id, index]));
  const of = (split: string) =>
    [...splits.values].filter(([, own]) => own === split).flatMap(([id]) =>
      indices.get(labels.values.get(id) ?? "") ?? []
    );
  const names = [...classes.values.values()];
  checkClasses(classes.path, names, { train: of("1"), test: of("0") }, findings);
}

/** Pictures below a folder, and which of them are not there. */
async function look(folder: string, what: string, names: string[]): Promise<PictureFiles> {
  return { what, folder, names, missing: await missingFiles(folder, names) };
}

async function readPairs(path: string, findings: Findings): Promise<Pairs | null> {
  if (!await exists(path)) {
    findings.problems.push(`${path} is missing`);
    findings.downloads.add("cub");
    return null;
  }
  const complaints: string[] = [];
  const pairs = new Pairs(path, await readText(path), (message) => complaints.push(message));
  findings.complaints(complaints);
  return pairs;
}

function countSplits(splits: Pairs | null, findings: Findings): { train: number; test: number } {
  if (!splits) return { train: 0, test: 0 };
  const values = [...splits.values];
  const [train, test] = ["1", "0"].map((split) => values.filter(([, own]) => own === split).length);
  const odd = values.filter(([, split]) => split !== "0" && split !== "1");
  findings.complaints(
    odd.map(([id, split]) => `${splits.place(id)}: picture ${id} has "${split}", expected 0 or 1`),
  );
  if (train === 0) findings.problems.push(`${splits.path} leaves no training pictures`);
  if (test === 0) findings.problems.push(`${splits.path} leaves no test pictures`);
  return { train, test };
}

/** What classification does without. */
async function checkAnnotations(
  { folder, images, sizes, classes }: {
    readonly folder: string;
    readonly images: Pairs | null;
    readonly sizes: ReadonlyMap<string, Extents>;
    readonly classes: number;
  },
  findings: Findings,
  thoroughness: Thoroughness,
): Promise<void> {
  const without = (name: string, evaluation: string) =>
    findings.remarks.push(`${name} is missing: eval ${evaluation} cannot be run`);
  if (!await exists(join(folder, "bounding_boxes.txt"))) {
    without(`${folder}/bounding_boxes.txt`, "wsol");
    findings.downloads.add("cub");
  } else if (images) await checkCubBoxes(folder, images, sizes, findings);

  if (!await exists(join(folder, "parts", "part_locs.txt"))) {
    without(`${folder}/parts/part_locs.txt`, "cue-localization");
    findings.downloads.add("cub");
  } else if (images) await collect(() => readKeyPoints(folder), findings);

  if (!await exists(join(folder, "segmentations"))) {
    without(`${folder}/segmentations`, "cue-localization");
    findings.downloads.add("segmentations");
  } else if (images) {
    const paths = [...images.values.values()];
    const names = paths.map(segmentationName);
    const files = await look(join(folder, "segmentations"), "files", names);
    const what = `files of ${folder}/segmentations`;
    findings.missing(what, files.missing, names.length, "segmentations");
    const pictures = new Map(paths.map((path) => [segmentationName(path), path]));
    const others: string[] = [];
    await checkPictures(files, findings, thoroughness, (name, extents) => {
      const size = sizes.get(pictures.get(name)!);
      if (!size || haveSameForm(extents, size)) return;
      others.push(
        `${name} is ${extents.width}×${extents.height}, its picture ${size.width}×${size.height}`,
      );
    });
    if (others.length > 0) {
      findings.problems.push(
        `${others.length} of ${names.length} files of ${folder}/segmentations have another form ` +
          `than their pictures: ${some(others)}`,
      );
    }
  }
  await checkAttributes(folder, classes, findings, without);
}

async function checkAttributes(
  folder: string,
  classes: number,
  findings: Findings,
  without: (name: string, evaluation: string) => void,
): Promise<void> {
  const name = "attributes/class_attribute_labels_continuous.txt";
  if (!await exists(join(folder, name))) {
    without(`${folder}/${name}`, "cue-localization");
    findings.downloads.add("cub");
    return;
  }
  const places = ["attributes/attributes.txt", "attributes.txt", "../attributes.txt"];
  const found = await Promise.all(places.map((place) => exists(join(folder, place))));
  if (!found.includes(true)) {
    without(`attributes.txt (in ${folder}, its attributes/ or beside it)`, "cue-localization");
    findings.downloads.add("cub");
    return;
  }
  const attributes = await collect(() => readClassAttributes(folder), findings);
  const rows = attributes?.percentages.length;
  if (rows !== undefined && classes > 0 && rows !== classes) {
    findings.problems.push(
      `${folder}/${name} has ${rows} lines, expected one for each of ${classes} classes`,
    );
  }
}

/** What a reader returns; what it refuses is a problem. */
async function collect<T>(read: () => Promise<T>, findings: Findings): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    findings.problems.push(error.message);
  }
}
