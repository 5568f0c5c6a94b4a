import { join } from "node:path";
import type { Method } from "../methods.ts";

/** Name of a run's checkpoint in its folder. */
export const CHECKPOINT = "checkpoint.safetensors";

/** The folder of the first run of a method on a data set, where no other is asked for. */
export function runFolder(dataset: string, method: Method): string {
  return join("runs", `${dataset}-${method}`);
}
