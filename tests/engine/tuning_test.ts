import assert from "node:assert/strict";
import type { Gpu } from "../../engine/gpu.ts";
import { Kernel } from "../../engine/kernel.ts";
import { choiceKey, chosen, type Family, perform, watchWork } from "../../engine/tuning.ts";
import { gpuTest } from "../gpu.ts";

/** A family whose variants only note that they were called. */
function family(calls: string[], shader = "// a"): Family<number> {
  const variant = (name: string) => ({
    name,
    kernels: [new Kernel(name, shader)],
    run: () => void calls.push(name),
  });
  return {
    name: "toy",
    variants: [variant("slow"), variant("fast")],
    preferred: () => "slow",
    describe: (n) => `${n}`,
    shapeClass: (n) => `${2 ** Math.ceil(Math.log2(n))}`,
    flops: (n) => n,
    shapes: () => [],
  };
}

async function withChoices(gpu: Gpu, choices: Map<string, string>, body: () => void) {
  const before = gpu.choices;
  gpu.choices = choices;
  try {
    await body();
  } finally {
    gpu.choices = before;
  }
}

gpuTest("tuning: without a choice the preferred variant runs", async (gpu) => {
  const calls: string[] = [];
  await withChoices(gpu, new Map(), () => perform(gpu, family(calls), 5, []));
  assert.deepEqual(calls, ["slow"]);
});

gpuTest("tuning: a choice holds for its shape class, and for its shaders only", async (gpu) => {
  const calls: string[] = [];
  const toy = family(calls);
  const choices = new Map([[choiceKey(toy, 5), "fast"]]);
  await withChoices(gpu, choices, () => {
    for (const n of [5, 8, 9]) perform(gpu, toy, n, []);
    assert.deepEqual(calls, ["fast", "fast", "slow"]);
    assert.equal(chosen(gpu, family([], "// another text"), 5).name, "slow");
  });
});

gpuTest("tuning: the choice of a variant that is gone is passed over", async (gpu) => {
  const toy = family([]);
  const choices = new Map([[choiceKey(toy, 5), "removed"]]);
  await withChoices(gpu, choices, () => assert.equal(chosen(gpu, toy, 5).name, "slow"));
});

gpuTest("tuning: work is told of before it is done", (gpu) => {
  const seen: string[] = [];
  watchWork(
    gpu,
    ({ family, problem }) => seen.push(`${family.name} ${family.describe(problem)}`),
  );
  perform(gpu, family(seen), 5, []);
  watchWork(gpu, null);
  assert.deepEqual(seen, ["toy 5", "slow"]);
});
