import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { decodePicture } from "../../data/codecs.ts";
import { encodeSafetensors } from "../../weights/safetensors.ts";
import { gpuTest } from "../gpu.ts";
import { calm, refuses, SMALL, withBirds } from "./calm.ts";

const goldens = fileURLToPath(new URL("../goldens/", import.meta.url));
const last = (stdout: string) => JSON.parse(stdout.trimEnd().split("\n").at(-1)!);

Deno.test("weights inspect lists tensors of a PyTorch file; convert keeps types and values", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { code, stdout, stderr } = await calm([
      "weights",
      "inspect",
      `${goldens}torch/zip.pth`,
      "--json",
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /transposed +F32 +4×2×3/);
    assert.match(stderr, /PyTorch, 13 tensors/);
    const { tensors, architecture } = last(stdout);
    assert.equal(architecture, null);
    for (
      const [from, to] of [
        [`${goldens}torch/zip.pth`, `${folder}/a.safetensors`],
        [`${folder}/a.safetensors`, `${folder}/b.pth`],
      ]
    ) {
      const converted = await calm(["convert", from, to]);
      assert.equal(converted.code, 0, converted.stderr);
      const again = last((await calm(["weights", "inspect", to, "--json"])).stdout);
      const byName = (list: { name: string }[]) =>
        list.toSorted((a, b) => a.name < b.name ? -1 : 1);
      assert.deepEqual(byName(again.tensors), byName(tensors));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("weights and convert refuse what they cannot do", async () => {
  await refuses(["weights", "inspect"], /weights takes: inspect FILE/);
  await refuses(["weights", "inspect", "no.pth"], /no\.pth cannot be read: there is no such file/);
  await refuses(["weights", "inspect", goldens], /cannot be read: it is a folder/);
  await refuses(["convert", `${goldens}torch/zip.pth`, "x.onnx"], /x\.onnx should end in/);
  await refuses(
    ["weights", "inspect", `${goldens}photograph.jpg`],
    /photograph\.jpg is a picture, not a checkpoint/,
  );
});

gpuTest(
  "a trained model is evaluated, drawn, converted, and drawn from PyTorch's file",
  async () => {
    await withBirds(async (data, out) => {
      const trained = await calm(
        ["train", "--data", data, ...SMALL, "--epochs", "2", "--out", out, "--json"],
      );
      assert.equal(trained.code, 0, trained.stderr);
      const checkpoint = `${out}/checkpoint.safetensors`;
      const evaluated = await calm(
        ["eval", "classification", "--checkpoint", checkpoint, "--data", data, "--json"],
      );
      assert.equal(evaluated.code, 0, evaluated.stderr);
      const { test_accuracy: accuracy } = last(trained.stdout);
      assert.equal(last(evaluated.stdout).accuracy, 100 * accuracy);

      const picture = `${goldens}photograph.jpg`;
      const draw = async (...args: string[]) => {
        const maps = ["--map", "joint,saliency", "--npy", "--class", "1", "--out", `${out}/maps`];
        const { code, stdout, stderr } = await calm([
          "explain",
          picture,
          ...maps,
          ...args,
          "--json",
        ]);
        assert.equal(code, 0, stderr);
        const { outputs } = last(stdout);
        assert.deepEqual(outputs.map(({ map }: { map: string }) => map), ["joint", "saliency"]);
        return outputs;
      };
      const [joint] = await draw("--checkpoint", checkpoint);
      const { width, height } = await decodePicture(await Deno.readFile(joint.png), joint.png);
      assert.deepEqual([width, height], [224, 224]);
      const npy = await Deno.readFile(joint.npy);
      const header = new TextDecoder("latin1").decode(npy.subarray(0, 128));
      assert.match(
        header,
        /^.NUMPY.{4}\{'descr': '<f4', 'fortran_order': False, 'shape': \(8, 8\)/s,
      );
      const map = new Float32Array(npy.slice(npy.length - 8 * 8 * 4).buffer);
      const total = map.reduce((sum, value) => sum + value, 0);
      assert.ok(
        Math.abs(total - joint.probability) < 1e-6,
        "completeness: the map adds up to p(y|x)",
      );

      const torch = `${out}/model.pth`;
      assert.equal((await calm(["convert", checkpoint, torch])).code, 0);
      await refuses(
        ["explain", picture, "--checkpoint", torch],
        /model\.pth does not say how it was trained: add --method cam, calm-ml or calm-em/,
      );
      await refuses(
        ["explain", picture, "--checkpoint", checkpoint, "--method", "cam"],
        /says itself how it was trained: --method, --prior/,
      );
      await refuses(
        ["explain", picture, "--checkpoint", checkpoint, "--map", "cam"],
        /--map is "cam", expected one of joint, conditional, saliency, posterior/,
      );
      await refuses(
        ["explain", picture, "--checkpoint", checkpoint, "--class", "wren"],
        /--class is "wren", expected a number from 0 to 2 or a name such as 001/,
      );
      await draw("--checkpoint", torch, "--method", "calm-em");
    });
  },
);

gpuTest("train starts ResNet50 from a file, in parts of a batch, and plans before", async () => {
  await withBirds(async (data, out) => {
    const pretrained = `${data}/resnet50.safetensors`;
    const weight = { shape: [64, 3, 7, 7], data: new Float32Array(64 * 147).fill(0.01) };
    const tensors = new Map([["conv1.weight", weight], [
      "fc.bias",
      { shape: [2], data: Float32Array.of(1, 2) },
    ]]);
    await Deno.writeFile(pretrained, await encodeSafetensors({ tensors, metadata: {} }));
    const run = ["train", "--data", data, ...SMALL, "--arch", "resnet50", "--out", out];
    const plan = await calm([...run, "--dry-run", "--micro-batch", "4", "--json"]);
    assert.equal(plan.code, 0, plan.stderr);
    assert.match(plan.stderr, /parameters +23,5\d\d,\d\d\d/);
    assert.ok(last(plan.stdout).peak_bytes > last(plan.stdout).model_bytes);
    const trained = await calm(
      [...run, "--pretrained", pretrained, "--epochs", "1", "--micro-batch", "4", "--json"],
    );
    assert.equal(trained.code, 0, trained.stderr);
    assert.match(trained.stderr, /1 tensors taken; 1 skipped \(fc\); 268 new \(bn1, layer1/);
    assert.equal(last(trained.stdout).arch, "resnet50");
    await refuses(
      ["train", "--data", data, "--arch", "vgg16", "--pretrained", pretrained, "--out", `${out}2`],
      /resnet50\.safetensors holds none of the features of vgg16/,
    );
  });
});

Deno.test("options that contradict each other are named", async () => {
  await refuses(
    ["train", "--micro-batch", "64"],
    /--micro-batch 64 is more than --batch-size 32/,
  );
});

gpuTest("options that an architecture does not have are refused", async () => {
  await withBirds(async (data) => {
    const common = ["train", "--data", data, "--out", `${data}/run`];
    await refuses([...common, "--large-feature-map"], /is for the paper's backbones/);
    await refuses(
      [...common, "--arch", "resnet50", "--use-mixed-6e"],
      /--use-mixed-6e is for Inception, not resnet50/,
    );
  });
});
