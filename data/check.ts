import { join } from "node:path";
import { UserError } from "../engine/errors.ts";
import { checkCub, findCub } from "./check/cub.ts";
import { commandsFor } from "./check/downloads.ts";
import { type Counts, Findings } from "./check/findings.ts";
import type { Thoroughness } from "./check/pictures.ts";
import { checkWsol } from "./check/wsol.ts";
import { exists } from "./files.ts";
import { WSOL_NAMES } from "./wsol_dataset.ts";

/** What `checkData` found. */
export interface DataReport {
  /** The folder of the lists of CUB-200-2011, or the root of wsolevaluation's layout. */
  readonly folder: string;
  readonly kind: "CUB-200-2011" | "wsolevaluation";
  /** What has to be mended before the data can be used. */
  readonly problems: readonly string[];
  /** What is worth knowing. */
  readonly remarks: readonly string[];
  /** Shell lines that fetch what is missing. */
  readonly downloads: readonly string[];
  /** Counts that the lists give, by data set; wsolevaluation's layout holds up to three. */
  readonly sets: Readonly<Record<string, Counts>>;
}

/**
 * Checks all that a folder should hold, and goes on after a problem: a folder in CUB-200-2011's
 * layout or one in wsolevaluation's, with any of CUB, ILSVRC and OpenImages.
 *
 * Of pictures the headers are read, or with `decode` every pixel.
 *
 * @throws {UserError} when the folder is missing, may not be read, or is neither of the two
 */
export async function checkData(
  root: string,
  thoroughness: Thoroughness = {},
): Promise<DataReport> {
  if (!await exists(root)) throw new UserError(`The data folder ${root} does not exist`);
  const findings = new Findings();
  const sets: Record<string, Counts> = {};
  for (const name of WSOL_NAMES) {
    const folders = ["metadata", "dataset"].map((folder) => exists(join(root, folder, name)));
    if ((await Promise.all(folders)).includes(true)) {
      sets[name] = await checkWsol(root, name, findings, thoroughness);
    }
  }
  const isWsol = Object.keys(sets).length > 0;
  const cub = isWsol ? null : await findCub(root);
  if (!isWsol && cub === null) {
    throw new UserError(
      `${root} holds neither CUB-200-2011 (images.txt) nor wsolevaluation's folders (metadata/NAME, ` +
        `dataset/NAME for ${WSOL_NAMES.join(", ")}): docs/data_sets.md says how to get them`,
    );
  }
  if (cub !== null) sets["CUB-200-2011"] = await checkCub(cub, findings, thoroughness);
  const folder = cub ?? root;
  return {
    folder,
    kind: cub === null ? "wsolevaluation" : "CUB-200-2011",
    problems: findings.problems,
    remarks: findings.remarks,
    downloads: commandsFor(folder, findings.downloads),
    sets,
  };
}
