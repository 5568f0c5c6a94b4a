import assert from "node:assert/strict";
import { Random } from "../../../engine/random.ts";
import { Tensor } from "../../../engine/tensor.ts";
import { Classifier } from "../../../model/classifier.ts";
import { ResNet } from "../../../model/backbones/resnet.ts";
import { gpuTest } from "../../gpu.ts";

gpuTest("ResNet50 has torchvision's tensors", (gpu) => {
  const builder = { gpu, random: Random.of(0) };
  const model = new Classifier(builder, new ResNet(builder, 50, { stride: 16 }), {
    classes: 1000,
    method: "cam",
    prior: "softplus",
    detachNormaliser: false,
  });
  const parameters = model.parameters();
  // torchvision.models.resnet50(): 161 parameters of 25,557,032 elements, and 106 running
  // statistics; its fc is conv_last here.
  assert.equal(parameters.length, 161);
  assert.equal(parameters.reduce((sum, { tensor }) => sum + tensor.size, 0), 25_557_032);
  assert.equal([...model.state()].length, 161 + 106);
  const shape = (name: string) => parameters.find((p) => p.name === name)?.tensor.shape;
  assert.deepEqual(shape("conv1.weight"), [7, 7, 3, 64]);
  assert.deepEqual(shape("layer1.0.downsample.0.weight"), [1, 1, 64, 256]);
  assert.deepEqual(shape("layer3.5.conv2.weight"), [3, 3, 256, 256]);
  assert.deepEqual(shape("layer4.2.bn3.weight"), [2048]);
  model.dispose();
});

gpuTest("ResNet50's strides give 2×2, 4×4 and 8×8 maps of 64×64 pictures", (gpu) => {
  for (const [stride, extent] of [[32, 2], [16, 4], [8, 8]] as const) {
    const backbone = new ResNet({ gpu, random: Random.of(0) }, 50, { stride });
    backbone.setTraining(false);
    gpu.scope(() => {
      const features = backbone.forward(Tensor.zeros(gpu, [1, 64, 64, 3]));
      assert.deepEqual(features.shape, [1, extent, extent, 2048]);
    });
    backbone.dispose();
  }
});
