import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { explain } from "../../../eval/maps/explain.ts";
import { placesOfArchitecture } from "../../../model/stored/backbone_fit.ts";
import { buildModel, type ModelOptions } from "../../../model/build.ts";
import { openModel } from "../../../model/stored/open_model.ts";
import { describeReport, takePretrained } from "../../../model/stored/pretrained.ts";
import { writeAtomically } from "../../../weights/atomic_write.ts";
import {
  bytesOf,
  elements,
  type HostTensor,
  type StoredTensor,
} from "../../../weights/host_tensor.ts";
import { toFile } from "../../../weights/layout.ts";
import { torchChunks } from "../../../weights/torch_writer.ts";
import { gpuTest } from "../../gpu.ts";
import { Saving, torchFile } from "../../weights/pickles.ts";
import { inFolder, save, stateOf } from "./weight_files.ts";

const OPTIONS: ModelOptions = {
  arch: "small-resnet",
  method: "calm-em",
  prior: "relu",
  detachNormaliser: true,
  classes: 4,
};

const filled = (size: number, value: number): HostTensor => ({
  shape: [size],
  data: new Float32Array(size).fill(value),
});

gpuTest("VGG's features are matched in their order where a pooling is left out", async (gpu) => {
  await inFolder(async (folder) => {
    // torchvision's vgg16_bn: every number of a layer is the layer's.
    const features = [...placesOfArchitecture("vgg16_bn")]
      .filter(([name]) => name.startsWith("features."));
    assert.equal(features.length, 78);
    const path = await save(join(folder, "vgg.safetensors"), [
      ...features.map(([name, shape]): [string, HostTensor] => {
        const value = Number(name.split(".")[1]);
        return [name, { shape, data: new Float32Array(elements(shape)).fill(value) }];
      }),
      ["classifier.0.bias", filled(4096, 0)],
    ]);
    const options = { ...OPTIONS, arch: "vgg16_bn", largeFeatureMap: true } as const;
    const model = buildModel(gpu, options, 0);
    const report = await takePretrained(model, path, "vgg16_bn");
    assert.equal(report.taken.length, 78);
    assert.deepEqual(report.skipped, ["classifier.0.bias"]);
    assert.ok(report.fresh.includes("conv6.weight") && report.fresh.includes("conv_last.bias"));
    assert.match(
      describeReport(report),
      /^78 tensors taken; 1 skipped \(classifier\.0\); 10 new \(conv6, bn6, conv_last, attention\.0\)$/,
    );
    const state = new Map([...model.state()].map(({ name, tensor }) => [name, tensor]));
    for (
      const [name, value] of [
        ["features.30.bias", 30],
        ["features.33.bias", 34],
        ["features.34.running_mean", 35],
        ["features.39.bias", 40],
        ["features.40.running_mean", 41],
      ] as const
    ) {
      assert.equal((await state.get(name)!.read())[0], value, name);
    }
    model.dispose();
  });
});

gpuTest(
  "a pretrained file of another network, or of other shapes, changes nothing",
  async (gpu) => {
    await inFolder(async (folder) => {
      const model = buildModel(gpu, OPTIONS, 0);
      const vgg = await save(join(folder, "vgg.safetensors"), [["features.0.bias", filled(64, 1)]]);
      await assert.rejects(
        takePretrained(model, vgg, "small-resnet"),
        /vgg\.safetensors holds none of the features of small-resnet: its first tensor is features/,
      );
      const before = [...model.state()].find(({ name }) => name === "bn1.bias")!.tensor;
      const state = await stateOf(model);
      state.set("bn1.bias", filled(16, 5)).set("layer1.bn1.bias", filled(17, 5));
      const odd = await save(join(folder, "odd.safetensors"), state);
      await assert.rejects(
        takePretrained(model, odd, "small-resnet"),
        /odd\.safetensors has layer1\.bn1\.bias of shape \[17\], where small-resnet has \[16\]/,
      );
      state.set("layer1.bn1.bias", filled(16, 5)).delete("layer3.bn2.running_mean");
      const shard = await save(join(folder, "model-00001-of-00002.safetensors"), state);
      await assert.rejects(
        takePretrained(model, shard, "small-resnet"),
        /00002\.safetensors lacks 1 of the 45 tensors of small-resnet's backbone: layer3\.bn2\.running_mean \(it is one of several shards/,
      );
      assert.equal((await before.read())[0], 0);
      model.dispose();
    });
  },
);

gpuTest("a file is compared with the hash in its published name", async (gpu) => {
  await inFolder(async (folder) => {
    const model = buildModel(gpu, OPTIONS, 0);
    const state = await stateOf(model);
    const plain = await save(join(folder, "net.pth"), state);
    const hash = createHash("sha256").update(await Deno.readFile(plain)).digest("hex");
    const right = join(folder, `net-${hash.slice(0, 8)}.pth`);
    const wrong = join(folder, "net-19c8e357.pth");
    await Deno.copyFile(plain, right);
    await Deno.copyFile(plain, wrong);
    assert.equal((await takePretrained(model, right, "small-resnet")).taken.length, 47);
    await assert.rejects(
      takePretrained(model, wrong, "small-resnet"),
      new RegExp(`is not what its name says: its SHA-256 begins with ${hash.slice(0, 8)}`),
    );
    await Deno.writeTextFile(wrong, "version https://git-lfs.github.com/spec/v1\nsize 1\n");
    await assert.rejects(
      takePretrained(model, wrong, "small-resnet"),
      /net-19c8e357\.pth is a Git LFS pointer/,
    );
    model.dispose();
  });
});

gpuTest("an official checkpoint opens with its prior and gives the same maps", async (gpu) => {
  await inFolder(async (folder) => {
    const model = buildModel(gpu, OPTIONS, 3);
    const tensors = new Map<string, StoredTensor>();
    for (const { name, tensor } of model.state()) {
      const stored = await toFile(tensor);
      const read = () => Promise.resolve(bytesOf(stored));
      tensors.set(`module.${name}`, { type: "F32", shape: stored.shape, read });
    }
    const counter = new Uint8Array(8);
    tensors.set("module.bn1.num_batches_tracked", {
      type: "I64",
      shape: [],
      read: () => Promise.resolve(counter),
    });
    const path = join(folder, "last_checkpoint.pth.tar");
    await writeAtomically(path, torchChunks(path, tensors));

    await assert.rejects(openModel(gpu, path), /does not say how it was trained: by cam/);
    const opened = await openModel(gpu, path, { method: "calm-em" });
    assert.deepEqual(opened.options, {
      ...OPTIONS,
      largeFeatureMap: undefined,
      skipMixed6e: false,
    });
    const images = Float32Array.from(
      { length: 4 * 32 * 32 },
      (_, i) => i % 4 === 3 ? 0 : i % 7 - 3,
    );
    const [ours] = await explain(model, { images, size: 1 });
    const [theirs] = await explain(opened.model, { images, size: 1 });
    assert.deepEqual(theirs.map("joint", 2), ours.map("joint", 2));
    // The official code stores the prior branch for CAM, too.
    const cam = await openModel(gpu, path, { method: "cam" });
    assert.equal(cam.model.method, "cam");
    for (const each of [model, opened.model, cam.model]) each.dispose();
  });
});

gpuTest("of a file with an average beside the weights, either opens by its name", async (gpu) => {
  await inFolder(async (folder) => {
    const model = buildModel(gpu, OPTIONS, 3);
    const states: Record<string, Record<string, Saving>> = { model: {}, model_ema: {} };
    for (const { name, tensor } of model.state()) {
      const { shape, data } = await toFile(tensor);
      states.model[`module.${name}`] = new Saving(shape, data);
      states.model_ema[`module.${name}`] = new Saving(shape, data.map((value) => value / 2));
    }
    const path = join(folder, "last.pth");
    await Deno.writeFile(path, await torchFile({ epoch: 3, ...states }));
    const firstOf = async (weights?: string) => {
      const opened = await openModel(gpu, path, { method: "calm-em", weights });
      const [{ tensor }] = opened.model.state();
      const [value] = await tensor.read();
      opened.model.dispose();
      return { value, dictionary: opened.dictionary };
    };
    const [{ tensor }] = model.state();
    const [value] = await tensor.read();
    assert.notEqual(value, 0);
    assert.deepEqual(await firstOf(), { value, dictionary: "model" });
    assert.deepEqual(await firstOf("ema"), { value: value / 2, dictionary: "model_ema" });
    await assert.rejects(firstOf("swa"), /has none such: model, model_ema/);
    model.dispose();
  });
});

gpuTest("a classifier without classes is refused", async (gpu) => {
  await inFolder(async (folder) => {
    const path = await save(join(folder, "zeros.safetensors"), [
      ["layer1.conv1.weight", filled(1, 0)],
      ["layer3.conv2.weight", filled(1, 0)],
      ["conv_last.weight", { shape: [0, 2 ** 53 - 1, 0], data: new Float32Array() }],
    ]);
    await assert.rejects(openModel(gpu, path, { method: "cam" }), {
      name: "UserError",
      message: `${path}: conv_last.weight has shape [0,9007199254740991,0], expected [classes, ` +
        "channels, 1, 1]",
    });
  });
});
