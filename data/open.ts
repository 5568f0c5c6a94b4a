import { join } from "node:path";
import { UserError } from "../engine/errors.ts";
import { loadCub } from "./cub.ts";
import type { Dataset } from "./dataset.ts";
import { loadFashionMnist } from "./fashion_mnist.ts";

/** The data sets that are known by name. */
export const DATASET_NAMES = ["birds", "fashion-mnist", "cub"] as const;

/** Name of a data set. */
export type DatasetName = typeof DATASET_NAMES[number];

/** Told while a data set is made. */
export interface OpeningEvents {
  /** Ends the drawing early. */
  readonly signal?: AbortSignal;
  onLine(text: string): void;
  onProgress(state: { readonly label: string; readonly share: number }): void;
}

/** Where the birds are made when no folder is given. */
export const BIRDS_FOLDER = join("datasets", "birds");

/**
 * Opens a data set by name; the birds are drawn first where they are not there yet.
 *
 * @param root its folder; birds and Fashion-MNIST have a default one
 * @throws {UserError} when it is missing or damaged
 */
export async function openDataset(
  name: DatasetName,
  root: string | undefined,
  events: OpeningEvents,
): Promise<Dataset> {
  if (name === "fashion-mnist") return await loadFashionMnist(root);
  if (name === "cub") return await loadCub(root ?? "CUB_200_2011", name);
  const folder = root ?? BIRDS_FOLDER;
  if (!await Deno.stat(folder).then(() => true, () => false)) {
    const { generateBirds } = await import("./birds/generate.ts");
    events.onLine(`Drawing the birds data set in ${folder}`);
    try {
      await generateBirds(folder, {
        signal: events.signal,
        onProgress: (done, total) => events.onProgress({ label: "drawing", share: done / total }),
      });
    } catch (error) {
      if (!events.signal?.aborted) throw error;
      throw new UserError(`Stopped before the birds were drawn; nothing was left in ${folder}`);
    }
  }
  return await loadCub(folder, name);
}
