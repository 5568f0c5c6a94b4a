import assert from "node:assert/strict";
import { didYouMean } from "../../engine/did_you_mean.ts";

Deno.test("a name that is nearly right is suggested, others are not", () => {
  const known = ["cam", "calm-ml", "calm-em", "resnet50"];
  const cases = {
    "calm-me": "calm-em",
    "CALM-EM": "calm-em",
    "resnt50": "resnet50",
    "resent50": "resnet50",
    "can": "cam",
  };
  for (const [typed, meant] of Object.entries(cases)) {
    assert.equal(didYouMean(typed, known), `; did you mean "${meant}"?`);
  }
  for (const typed of ["", "vgg16", "xy", "r"]) assert.equal(didYouMean(typed, known), "", typed);
  assert.equal(didYouMean("cam", []), "");
});
