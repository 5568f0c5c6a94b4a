import { join } from "node:path";
import { exists, readText } from "../../../data/files.ts";
import { UserError } from "../../../engine/errors.ts";
import type { Settings } from "../../../model/training/recipe.ts";
import { writeAtomically } from "../../../weights/atomic_write.ts";
import { Checked } from "../../measures/job/checked.ts";
import type { TrainingSettings } from "../run_plan.ts";
import type { Score } from "./score.ts";
import { drawSettings, type Space } from "./space.ts";

/** A search for settings. */
export interface Search {
  /** Its folder. */
  readonly out: string;
  readonly space: Space;
  readonly seed: number;
  /** How many draws there are. */
  readonly draws: number;
  /** Everything that decides a draw's score but the draw: what is the same in all of them. */
  readonly fixed: Settings;
  /** What to train with settings that were drawn. */
  settingsOf(drawn: Settings): TrainingSettings;
}

/** Settings that were drawn, and what became of them. */
export interface Draw {
  /** Counted from 0. */
  readonly index: number;
  readonly settings: Settings;
  /** Null where training left the numbers. */
  readonly score: Score | null;
  /** Why there is no score. */
  readonly failure?: string;
}

const SEARCH_FORMAT = "calm-search-1";
const DRAW_FORMAT = "calm-draw-1";

/** The settings of a draw. */
export function settingsOfDraw({ space, seed, fixed }: Search, index: number): Settings {
  return drawSettings(space, { seed, draw: index, fixed });
}

/** The run folder of a draw. */
export function folderOf({ out }: Pick<Search, "out">, index: number): string {
  return join(out, `draw-${String(index).padStart(3, "0")}`);
}

/**
 * Begins a search, or goes on with it: writes down what decides its scores, or compares it with what
 * is written there.
 *
 * @throws {UserError} when the folder holds another search
 */
export async function beginSearch({ out, fixed, seed }: Search): Promise<void> {
  const path = join(out, "search.json");
  const wanted: Settings = { ...fixed, seed };
  if (!await exists(path)) {
    return await writeJson(path, { format: SEARCH_FORMAT, settings: wanted });
  }
  const found = await readSettings(path, SEARCH_FORMAT);
  expectSame(
    found.settings,
    wanted,
    (name, there, here) =>
      `${out} holds another search: --${name} is ${there} there and ${here} here; choose another --out`,
  );
}

/**
 * The outcome of a draw; null where it is not there yet.
 *
 * @throws {UserError} when its file is damaged, or of other settings
 */
export async function readDraw(search: Search, index: number): Promise<Draw | null> {
  const path = pathOf(search, index);
  if (!await exists(path)) return null;
  const settings = settingsOfDraw(search, index);
  const { file, settings: found } = await readSettings(path, DRAW_FORMAT);
  expectSame(
    found,
    settings,
    (name, there, here) =>
      `${path} is of another version's draw: --${name} is ${there} there and ${here} here`,
  );
  const score = file.field("score");
  if (score.isNull()) {
    return { index, settings, score: null, failure: file.field("failure").text() };
  }
  const measure = score.field("measure").text();
  return { index, settings, score: { measure, value: score.field("value").number(0, 100) } };
}

/** Keeps the outcome of a draw; it is not trained again. */
export async function saveDraw(search: Search, { index, ...outcome }: Draw): Promise<void> {
  await writeJson(pathOf(search, index), { format: DRAW_FORMAT, draw: index, ...outcome });
}

const pathOf = (search: Search, index: number) => join(folderOf(search, index), "draw.json");

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeAtomically(path, new TextEncoder().encode(JSON.stringify(value, null, 1) + "\n"));
}

async function readSettings(
  path: string,
  format: string,
): Promise<{ readonly file: Checked; readonly settings: Settings }> {
  const text = await readText(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError(`${path} is damaged: it is no JSON, expected what search wrote`);
  }
  const file = new Checked(path, "", value);
  if (file.field("format").value !== format) file.field("format").refuse(`"${format}"`);
  const settings = file.field("settings");
  settings.names();
  return { file, settings: settings.value as Settings };
}

/** @throws {UserError} naming the first setting that differs */
function expectSame(
  found: Settings,
  wanted: Settings,
  message: (name: string, there: string, here: string) => string,
): void {
  for (const name of Object.keys({ ...wanted, ...found })) {
    if (found[name] === wanted[name]) continue;
    throw new UserError(message(name, shown(found[name]), shown(wanted[name])));
  }
}

const shown = (value: Settings[string] | undefined) => value === undefined ? "not" : String(value);
