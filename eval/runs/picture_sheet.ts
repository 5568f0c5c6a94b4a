import type { Batch, BatchLoader } from "../../data/loader.ts";
import { extentOf } from "../../data/transform.ts";
import type { Classifier } from "../../model/classifier.ts";
import type { Method } from "../../model/methods.ts";
import { writeAtomically } from "../../weights/atomic_write.ts";
import { BatchMaps, type MapsOfBatch } from "../maps/batch_maps.ts";
import { type AttributionKind, ownKinds } from "../maps/kinds.ts";
import { pickPictures } from "../maps/pick_pictures.ts";
import { contactSheet, type SheetRow } from "../present/pictures/contact_sheet.ts";
import { pictureOf } from "../present/pictures/overlay.ts";

/** Pictures on a sheet. */
const ROWS = 12;
/** The maps beside each picture, as far as the model has them. */
const KINDS: readonly AttributionKind[] = [
  "joint",
  "conditional",
  "saliency",
  "acol",
  "cam-max",
  "cam-minmax",
];

/** Test pictures with a model's maps. */
export interface Sheet {
  readonly rows: readonly SheetRow[];
  /** The maps to show; the model's own is the first. */
  readonly kinds: readonly AttributionKind[];
}

/** Explains test pictures of as many classes as there is room for. */
export async function explainTestPictures(
  model: Classifier,
  loader: BatchLoader,
  classes: number,
): Promise<Sheet> {
  const rows: SheetRow[] = [];
  const perClass = Math.ceil(ROWS / classes);
  const kinds = ownKinds(model).filter((kind) => KINDS.includes(kind));
  const shown = new Map<number, number>();
  for await (const batch of loader.batches(0)) {
    const chosen = choose(batch, shown, perClass, ROWS - rows.length);
    if (chosen.length > 0) rows.push(...await explainSome(model, batch, { chosen, kinds }));
    if (rows.length === ROWS) break;
  }
  rows.sort((a, b) => a.label - b.label);
  return { rows, kinds };
}

/**
 * Draws a contact sheet to `PATH.png` and `PATH.svg`.
 *
 * @returns the path of the PNG file
 */
export async function saveContactSheet(
  path: string,
  { rows, kinds }: Sheet,
  { method, classNames, dataset, accuracy }: {
    readonly method: Method;
    readonly classNames: readonly string[];
    readonly dataset: string;
    readonly accuracy: number;
  },
): Promise<string> {
  const { svg, png } = await contactSheet(rows, {
    kinds,
    classNames,
    title: [
      `${method.toUpperCase().replace("-", " ")} on ${dataset}`,
      `Where the model looks: maps of the true class ŷ of test pictures. ` +
      `Test accuracy ${(100 * accuracy).toFixed(1)} %.`,
    ],
  });
  await writeAtomically(`${path}.svg`, new TextEncoder().encode(svg));
  await writeAtomically(`${path}.png`, png);
  return `${path}.png`;
}

/** Positions in a batch of pictures whose class is still wanted. */
function choose(
  { labels }: Batch,
  shown: Map<number, number>,
  perClass: number,
  room: number,
): number[] {
  const chosen: number[] = [];
  for (const [n, label] of labels.entries()) {
    const count = shown.get(label) ?? 0;
    if (chosen.length === room || count >= perClass) continue;
    shown.set(label, count + 1);
    chosen.push(n);
  }
  return chosen;
}

async function explainSome(
  model: Classifier,
  batch: Batch,
  { chosen, kinds }: {
    readonly chosen: readonly number[];
    readonly kinds: readonly AttributionKind[];
  },
): Promise<SheetRow[]> {
  const images = pickPictures(batch, chosen);
  const indices = Uint32Array.from(chosen, (n) => batch.indices[n]);
  const part = { images, size: chosen.length, indices };
  const maps = new BatchMaps(model, part);
  const explanations = await maps.explanations();
  const labels = chosen.map((n) => batch.labels[n]);
  const wanted = labels.map((label) => [label]);
  const found: [AttributionKind, MapsOfBatch][] = [];
  for (const kind of kinds) found.push([kind, await maps.of(kind, wanted)]);
  return labels.map((label, i) => ({
    picture: pictureOf(images, i, extentOf(part)),
    label,
    explanation: explanations[i],
    maps: new Map(found.map(([kind, of]) => [kind, of(i, label)])),
  }));
}
