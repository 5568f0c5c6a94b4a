import assert from "node:assert/strict";
import { Work } from "../../cli/eval/model_job.ts";
import { barLine } from "../../cli/progress.ts";

Deno.test("the progress line is as wide as the terminal at most, the bar gives way first", () => {
  const text = "loss 0.123  accuracy 98.7 %  76 images/s  3 min 12 s left";
  for (const columns of [40, 80, 200]) {
    const line = barLine("epoch 12/30", 0.5, text, columns);
    assert.ok(line.length < columns, `${line.length} of ${columns}`);
  }
  assert.ok(barLine("epoch 12/30", 0.5, text, 80).endsWith(text), "nothing is cut off at 80");
  assert.equal(barLine("a", 0.5, "b", 80), `a ${"█".repeat(12)}${"·".repeat(12)} b`);
});

Deno.test("the time left counts from where a job was found, and over all jobs", () => {
  const work = new Work(0.25);
  assert.equal(work.secondsLeft(0.5), null, "found half done");
  assert.equal(work.overall(0.5), 0.125);
  work.next(0.75);
  assert.equal(work.overall(0), 0.25);
  assert.ok(work.secondsLeft(1 / 3)! >= 0);
  assert.equal(work.secondsLeft(1), 0);
});
