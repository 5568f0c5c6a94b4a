import type { Gpu } from "../engine/gpu.ts";
import { choiceKey, watchWork, type Work } from "../engine/tuning.ts";

/** Runs `body` with the variant that `pick` names for each piece of work. */
export async function withVariants(
  gpu: Gpu,
  pick: (work: Work) => string,
  body: () => Promise<void>,
): Promise<void> {
  const choices = new Map<string, string>();
  const before = gpu.choices;
  gpu.choices = choices;
  watchWork(gpu, (work) => choices.set(choiceKey(work.family, work.problem), pick(work)));
  try {
    await body();
  } finally {
    gpu.choices = before;
    watchWork(gpu, null);
  }
}
