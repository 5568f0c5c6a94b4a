import assert from "node:assert/strict";
import { UserError } from "../../../engine/errors.ts";
import { explain } from "../../../eval/maps/explain.ts";
import { classify } from "../../../eval/measures/classification.ts";
import { expectDistribution } from "../../../eval/maps/distribution.ts";
import { probabilitiesOf } from "../../../eval/measures/erasing/erase.ts";
import { BatchLoader } from "../../../data/loader.ts";
import { buildModel } from "../../../model/build.ts";
import { PAPER_METHODS } from "../../../model/methods.ts";
import { gpuTest } from "../../gpu.ts";

Deno.test("a distribution is told from what is none", () => {
  for (const sound of [[1], [0.25, 0.75], [0.3, 0.3, 0.4001], [0, 1]]) {
    expectDistribution(Float32Array.from(sound));
  }
  for (const bad of [[64], [NaN, 1], [0.5, 0.4], [1.2, -0.2], [Infinity, 0], [0, 0]]) {
    assert.throws(() => expectDistribution(Float32Array.from(bad)), UserError, `${bad}`);
  }
});

for (const method of PAPER_METHODS) {
  gpuTest(`${method}: weights that overflow give a sentence, not numbers`, async (gpu) => {
    const options = {
      arch: "small-resnet",
      method,
      prior: "relu",
      detachNormaliser: true,
    } as const;
    const model = buildModel(gpu, { ...options, classes: 4 }, 1);
    for (const { name, tensor } of model.parameters()) {
      if (name.endsWith("weight")) tensor.write(new Float32Array(tensor.size).fill(1e30));
    }
    const images = Float32Array.from({ length: 4 * 32 * 32 }, (_, i) => i % 4 === 3 ? 0 : i % 7);
    const message = /p\(y\|x\) of some picture is NaN or does not add up to 1/;
    await assert.rejects(explain(model, { images, size: 1 }), message);
    await assert.rejects(probabilitiesOf(model, images, 1), message);
    const pixels = Uint8Array.from({ length: 3 * 32 * 32 }, (_, i) => i % 251);
    const loader = BatchLoader.inOrder({
      name: "test",
      ids: ["a"],
      labels: Uint32Array.of(0),
      source: { kind: "memory", pixels, width: 32, height: 32, channels: 3 },
    }, { crop: 32, batchSize: 1 });
    await assert.rejects(classify(model, loader), message);
    loader.close();
    model.dispose();
  });
}
