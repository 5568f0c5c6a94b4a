import { join } from "node:path";
import { UserError } from "../engine/errors.ts";
import { loadCub } from "./cub.ts";
import type { Dataset } from "./dataset.ts";
import { loadFashionMnist } from "./fashion_mnist.ts";
import { exists } from "./files.ts";
import { loadWsol } from "./wsol_dataset.ts";

/** The data sets that are known by name. */
export const DATASET_NAMES = ["birds", "fashion-mnist", "cub", "ilsvrc", "openimages"] as const;

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
 * Opens a data set by name. Without a folder the birds are drawn first where they are not there yet;
 * nothing is drawn into a folder that was named, for its name may be mistyped. `cub` is the folder of
 * CUB-200-2011, or one in wsolevaluation's layout, whose `val` split is CUBV2.
 *
 * @param root its folder; ILSVRC and OpenImages have no default one
 * @throws {UserError} when it is missing or damaged
 */
export async function openDataset(
  name: DatasetName,
  root: string | undefined,
  events: OpeningEvents,
): Promise<Dataset> {
  if (name === "fashion-mnist") return await loadFashionMnist(root);
  if (name === "cub") return await openCub(root ?? "CUB_200_2011");
  if (name === "ilsvrc") return await loadWsol(expectRoot(root, "ILSVRC"), "ILSVRC");
  if (name === "openimages") return await loadWsol(expectRoot(root, "OpenImages"), "OpenImages");
  const folder = root ?? BIRDS_FOLDER;
  if (!await exists(folder)) {
    if (root !== undefined) {
      throw new UserError(
        `The data folder ${root} does not exist: ./calm data birds ${root} draws birds there`,
      );
    }
    const { generateBirds } = await import("./birds/generate.ts");
    events.onLine(`Drawing the birds data set in ${folder}`);
    await generateBirds(folder, {
      signal: events.signal,
      onProgress: (done, total) => events.onProgress({ label: "drawing", share: done / total }),
    });
  }
  return await loadCub(folder, name);
}

async function openCub(folder: string): Promise<Dataset> {
  const inWsolLayout = await exists(join(folder, "metadata", "CUB"));
  return inWsolLayout ? await loadWsol(folder, "CUB") : await loadCub(folder, "cub");
}

function expectRoot(root: string | undefined, name: string): string {
  if (root !== undefined) return root;
  throw new UserError(
    `${name.toLowerCase()} has no default folder: name one with the pictures in dataset/${name} ` +
      `and wsolevaluation's lists in metadata/${name}, which docs/data_sets.md says how to get`,
    { settings: ["data"] },
  );
}
