import assert from "node:assert/strict";
import { kindsOf } from "../../viewer/page/examination.ts";
import type { OpenedModel } from "../../model/stored/open_model.ts";

Deno.test("a model of one class is offered no map against another class", () => {
  const own = (classes: number) =>
    kindsOf({ model: { method: "calm-em", classes } } as OpenedModel).own;
  assert.ok(own(2).includes("counterfactual"));
  assert.deepEqual(own(1), own(2).filter((kind) => kind !== "counterfactual"));
});
