import type { Batch, BatchLoader } from "../data/loader.ts";
import type { Classifier } from "../model/classifier.ts";
import { writeAtomically } from "../weights/atomic_write.ts";
import { explain, type MapKind, mapKinds } from "./attribution/explain.ts";
import { pickPictures } from "./pick_pictures.ts";
import { contactSheet, type SheetRow } from "./pictures/contact_sheet.ts";
import { pictureOf } from "./pictures/overlay.ts";

/** Pictures on a sheet. */
const ROWS = 12;
/** The maps beside each picture, as far as the model has them. */
const KINDS: readonly MapKind[] = ["joint", "conditional", "saliency", "cam-max", "cam-minmax"];

/**
 * Draws test pictures of as many classes as there is room for, with the model's maps, to
 * `PATH.png` and `PATH.svg`.
 *
 * @returns the path of the PNG file
 */
export async function saveContactSheet(
  path: string,
  model: Classifier,
  loader: BatchLoader,
  { classNames, dataset, accuracy }: {
    readonly classNames: readonly string[];
    readonly dataset: string;
    readonly accuracy: number;
  },
): Promise<string> {
  const rows: SheetRow[] = [];
  const perClass = Math.ceil(ROWS / classNames.length);
  const shown = new Map<number, number>();
  for await (const batch of loader.batches(0)) {
    const chosen = choose(batch, shown, perClass, ROWS - rows.length);
    if (chosen.length > 0) rows.push(...await explainSome(model, batch, chosen));
    if (rows.length === ROWS) break;
  }
  rows.sort((a, b) => a.label - b.label);
  const { svg, png } = await contactSheet(rows, {
    kinds: mapKinds(model).filter((kind) => KINDS.includes(kind)),
    classNames,
    title: [
      `${model.method.toUpperCase().replace("-", " ")} on ${dataset}`,
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
  chosen: readonly number[],
): Promise<SheetRow[]> {
  const images = pickPictures(batch, chosen);
  const extent = Math.sqrt(images.length / chosen.length / 4);
  const explanations = await explain(model, { images, size: chosen.length });
  return chosen.map((n, i) => ({
    picture: pictureOf(images, i, extent),
    label: batch.labels[n],
    explanation: explanations[i],
  }));
}
