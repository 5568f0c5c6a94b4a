import type { Gpu } from "../engine/gpu.ts";
import { choiceKey, type Work } from "../engine/tuning.ts";
import { timeVariant } from "./layers.ts";
import { median } from "./statistics.ts";

/** What tuning found for one piece of work. */
export interface TuningRow {
  readonly name: string;
  readonly shape: string;
  readonly choice: string;
  /** Milliseconds of each variant. */
  readonly ms: Readonly<Record<string, number>>;
}

/** A variant replaces the preferred one only when it is faster by more than this: noise is less. */
const MARGIN = 0.95;

/** Times all variants of each piece of work. Works of one shape class are timed once. */
export async function tune(
  gpu: Gpu,
  works: readonly Work[],
  { repetitions, onWork }: {
    readonly repetitions: number;
    onWork(row: TuningRow, done: number): void;
  },
): Promise<Map<string, string>> {
  const choices = new Map<string, string>();
  for (const [i, work] of works.entries()) {
    const { family, problem } = work;
    const key = choiceKey(family, problem);
    if (choices.has(key)) continue;
    const ms: Record<string, number> = {};
    for (const variant of family.variants) {
      ms[variant.name] = median(await timeVariant(gpu, work, variant, repetitions));
    }
    let choice = family.preferred(gpu);
    for (const { name } of family.variants) if (ms[name] < MARGIN * ms[choice]) choice = name;
    choices.set(key, choice);
    onWork({ name: family.name, shape: family.describe(problem), choice, ms }, i + 1);
  }
  return choices;
}
