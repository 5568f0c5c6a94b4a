import assert from "node:assert/strict";
import { isInceptionFeature } from "../../../model/backbones/inception_v3.ts";
import { isResidualFeature } from "../../../model/backbones/residual_blocks.ts";
import { isVggFeature } from "../../../model/backbones/vgg16.ts";

Deno.test("the official code's substrings decide what learns at the base rate", () => {
  for (const name of ["conv1.weight", "layer1.0.bn1.bias", "layer3.5.conv3.weight"]) {
    assert.ok(isResidualFeature(name), name);
  }
  assert.ok(isResidualFeature("layer4.0.conv1.weight"), "a substring matches anywhere");
  for (
    const name of ["bn1.weight", "layer4.0.conv2.weight", "conv_last.bias", "attention.0.bias"]
  ) {
    assert.ok(!isResidualFeature(name), name);
  }
  assert.ok(isVggFeature("features.28.bias"));
  for (const name of ["conv6.weight", "bn6.bias", "conv_last.weight"]) {
    assert.ok(!isVggFeature(name), name);
  }
  for (
    const name of [
      "Conv2d_1a_3x3.conv.weight",
      "Conv2d_4a_3x3.bn.bias",
      "Mixed_6e.branch1x1.bn.bias",
    ]
  ) {
    assert.ok(isInceptionFeature(name), name);
  }
  for (const name of ["A3_1b.0.weight", "conv_last.weight"]) {
    assert.ok(!isInceptionFeature(name), name);
  }
});
