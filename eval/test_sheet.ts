import type { Batch, BatchLoader } from "../data/loader.ts";
import type { Classifier } from "../model/classifier.ts";
import { writeAtomically } from "../weights/atomic_write.ts";
import { explain, mapKinds } from "./attribution/explain.ts";
import { contactSheet, type SheetRow } from "./pictures/contact_sheet.ts";
import { pictureOf } from "./pictures/overlay.ts";

/** Pictures on a sheet. */
const ROWS = 12;

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
    kinds: mapKinds(model).filter((kind) => kind !== "posterior" && kind !== "cam"),
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
  { images, labels, size }: Batch,
  chosen: readonly number[],
): Promise<SheetRow[]> {
  const stride = images.length / size;
  const extent = Math.sqrt(stride / 4);
  const some = new Float32Array(chosen.length * stride);
  for (const [i, n] of chosen.entries()) {
    some.set(images.subarray(n * stride, (n + 1) * stride), i * stride);
  }
  const explanations = await explain(model, { images: some, size: chosen.length });
  return chosen.map((n, i) => ({
    picture: pictureOf(some, i, extent),
    label: labels[n],
    explanation: explanations[i],
  }));
}
