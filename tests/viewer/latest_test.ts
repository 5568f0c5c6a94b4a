import assert from "node:assert/strict";
import { latest } from "../../viewer/page/latest.ts";

Deno.test("calls while a task runs are answered by one further run, never two at once", async () => {
  let running = 0;
  let runs = 0;
  const errors: unknown[] = [];
  const run = latest(async () => {
    runs++;
    assert.equal(++running, 1);
    await Promise.resolve();
    running--;
    if (runs === 2) throw new Error("second");
  }, (error) => errors.push(error));
  await Promise.all([run(), run(), run()]);
  assert.equal(runs, 2);
  assert.match(String(errors), /second/);
  await run();
  assert.equal(runs, 3, "an error does not stop what comes later");
});
