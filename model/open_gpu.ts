import { fileURLToPath } from "node:url";
import { UserError } from "../engine/errors.ts";
import { type AdapterDescription, Gpu, type GpuOptions } from "../engine/gpu.ts";
import type { Choices } from "../engine/tuning.ts";
import { writeAtomically } from "../weights/atomic_write.ts";

/** Where `./calm tune` leaves what it measured: adapter → choice key → name of a variant. */
export const TUNING_FILE = new URL("../.calm/tuning.json", import.meta.url);

type TuningFile = Record<string, Record<string, string>>;

/** Opens the device, with the variants that `./calm tune` found to be the fastest on it. */
export async function openGpu(options: GpuOptions = {}): Promise<Gpu> {
  const gpu = await Gpu.request(options);
  gpu.choices = await readChoices(gpu.adapter);
  return gpu;
}

/**
 * The stored choices for an adapter; empty when it was never tuned.
 *
 * @throws {UserError} when the file is there but is not a tuning file
 */
export async function readChoices(
  adapter: AdapterDescription,
  file: URL = TUNING_FILE,
): Promise<Choices> {
  return new Map(Object.entries((await readFile(file))[adapter.description] ?? {}));
}

/** Adds choices for an adapter to the file, in place of older ones for the same shapes. */
export async function writeChoices(
  adapter: AdapterDescription,
  choices: Choices,
  file: URL = TUNING_FILE,
): Promise<void> {
  const content = await readFile(file);
  content[adapter.description] = {
    ...content[adapter.description],
    ...Object.fromEntries(choices),
  };
  const text = JSON.stringify(content, null, 2) + "\n";
  await writeAtomically(fileURLToPath(file), new TextEncoder().encode(text));
}

async function readFile(file: URL): Promise<TuningFile> {
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw new UserError(`The tuning file ${fileURLToPath(file)} cannot be read: ${error}`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    content = null;
  }
  const isTable = (value: unknown): value is object =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isTable(content) || !Object.values(content).every(isTable)) {
    throw new UserError(
      `${fileURLToPath(file)} is not a tuning file: delete it, then run ./calm tune`,
    );
  }
  return content as TuningFile;
}
