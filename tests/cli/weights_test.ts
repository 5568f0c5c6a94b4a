import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { decodePicture } from "../../data/codecs.ts";
import { encodeSafetensors } from "../../weights/safetensors.ts";
import { buildModel } from "../../model/build.ts";
import { writeAtomically } from "../../weights/atomic_write.ts";
import { openStateFile } from "../../weights/state_file.ts";
import { torchChunks } from "../../weights/torch_writer.ts";
import { gpuTest } from "../gpu.ts";
import { save, stateOf } from "../model/stored/weight_files.ts";
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
  await refuses(
    ["weights", "inspect", goldens],
    /goldens\/ is a folder without checkpoint\.safetensors/,
  );
  await refuses(["convert", `${goldens}torch/zip.pth`, "x.onnx"], /x\.onnx should end in/);
  const folder = await Deno.makeTempDir();
  try {
    const [file, link] = [`${folder}/a.pth`, `${folder}/b.pth`];
    await Deno.copyFile(`${goldens}torch/zip.pth`, file);
    await Deno.symlink(file, link);
    for (const to of [file, link]) {
      await refuses(["convert", file, to], /[ab]\.pth is the file to copy from: name another OUT/);
    }
    assert.deepEqual(await Deno.readFile(file), await Deno.readFile(`${goldens}torch/zip.pth`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  await refuses(
    ["weights", "inspect", `${goldens}photograph.jpg`],
    /photograph\.jpg is a picture, not a checkpoint/,
  );
});

Deno.test("NaN in a file: inspect names the tensor, convert writes nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/nan.safetensors`;
    const tensors = new Map([
      ["conv1.weight", { shape: [2, 2], data: Float32Array.of(1, NaN, Infinity, 2) }],
      ["bn1.running_var", { shape: [2], data: Float32Array.of(1, -1) }],
    ]);
    await Deno.writeFile(path, await encodeSafetensors({ tensors, metadata: {} }));
    const { code, stdout, stderr } = await calm(["weights", "inspect", path, "--json"]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /damaged: conv1\.weight has 2 of 4 values that are NaN or infinite/);
    assert.deepEqual(last(stdout).flaws, {
      "conv1.weight": "has 2 of 4 values that are NaN or infinite",
      "bn1.running_var": "has 1 of 2 values below 0, a variance has none",
    });
    for (const name of ["copy.pth", "copy.safetensors"]) {
      await refuses(
        ["convert", path, `${folder}/${name}`],
        /nan\.safetensors: conv1\.weight has 2/,
      );
    }
    assert.equal((await Array.fromAsync(Deno.readDir(folder))).length, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
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

      // The run's folder is as good as its checkpoint, a printed name as good as its number.
      const [byFolder] = await draw("--checkpoint", out);
      assert.deepEqual(await Deno.readFile(byFolder.npy), npy);
      const classes = (await Deno.readTextFile(`${data}/classes.txt`)).trimEnd().split("\n")
        .map((line) => line.split(" ")[1]);
      const printed = classes[2].replace(/^\d+\./, "").replaceAll("_", " ").toUpperCase();
      const [byName] = await draw("--checkpoint", out, "--class", printed);
      assert.equal(byName.class, classes[2]);
      await refuses(
        ["explain", picture, "--checkpoint", data],
        /birds is a folder without checkpoint\.safetensors: expected a run's, or a file/,
      );

      // Copies say what the original says: its pictures' size, method and names go with them.
      const torch = `${out}/model.pth`;
      const back = `${out}/back.safetensors`;
      assert.equal((await calm(["convert", checkpoint, torch])).code, 0);
      assert.equal((await calm(["convert", torch, back])).code, 0);
      const [original] = await draw("--checkpoint", checkpoint);
      const drawing = await Deno.readFile(original.npy);
      for (const copy of [torch, back]) {
        const again = await calm(
          ["eval", "classification", "--checkpoint", copy, "--data", data, "--json"],
        );
        assert.equal(again.code, 0, again.stderr);
        assert.equal(last(again.stdout).accuracy, 100 * accuracy);
        const [drawn] = await draw("--checkpoint", copy);
        assert.deepEqual([drawn.class, drawn.probability], [original.class, original.probability]);
        assert.deepEqual(await Deno.readFile(drawn.npy), drawing);
        await refuses(
          ["train", "--resume", copy, "--epochs", "9"],
          /holds no momentum, as a copy that \.\/calm convert made: training goes on only from/,
        );
        await refuses(
          ["explain", picture, "--checkpoint", copy, "--crop", "48"],
          /says itself how it was trained, and otherwise than is asked for: leave that out \(--crop\)/,
        );
        // What is true may be said.
        await draw("--checkpoint", copy, "--crop", "32", "--method", "calm-em");
      }

      // The same tensors in a file of another program.
      const foreign = `${out}/foreign.pth`;
      const file = await openStateFile(back);
      await writeAtomically(foreign, torchChunks(foreign, file.tensors));
      file.close();
      await refuses(
        ["explain", picture, "--checkpoint", foreign],
        /foreign\.pth does not say how it was trained: by cam, calm-ml or calm-em \(--method\)/,
      );
      await refuses(
        ["explain", picture, "--checkpoint", checkpoint, "--method", "cam"],
        /says itself how it was trained, and otherwise than is asked for: leave that out \(--method\)/,
      );
      await refuses(
        ["explain", picture, "--checkpoint", checkpoint, "--map", "cam"],
        /--map is "cam", expected one of joint, conditional, saliency, posterior/,
      );
      await refuses(
        ["explain", picture, "--checkpoint", checkpoint, "--class", "wren"],
        /--class is "wren", expected a number from 0 to 2 or a name such as 001/,
      );
      const told = [...["--checkpoint", foreign, "--method", "calm-em"], "--json"];
      const assumed = await calm(["eval", "classification", ...told, "--data", data]);
      assert.equal(assumed.code, 0, assumed.stderr);
      assert.match(
        assumed.stderr,
        /foreign\.pth does not say how large its pictures were: 224 pixels are assumed/,
      );
      const names = `${data}/classes.txt`;
      const said = [...told, "--crop", "32", "--class-names", names];
      const evaluatedAsSaid = await calm(["eval", "classification", ...said, "--data", data]);
      assert.equal(evaluatedAsSaid.code, 0, evaluatedAsSaid.stderr);
      assert.equal(last(evaluatedAsSaid.stdout).accuracy, 100 * accuracy);
      assert.doesNotMatch(evaluatedAsSaid.stderr, /assumed/);
      const [drawn] = await draw(...said);
      assert.deepEqual([drawn.class, drawn.probability], [original.class, original.probability]);
      assert.deepEqual(await Deno.readFile(drawn.npy), drawing);
      const two = `${out}/two.txt`;
      await Deno.writeTextFile(two, "Wren\nRobin\n");
      await refuses(
        ["explain", picture, "--checkpoint", foreign, "--method", "calm-em", "--class-names", two],
        /There are 2 names of classes, but .*foreign\.pth knows 3 classes \(--class-names\)/,
      );
    });
  },
);

gpuTest("train starts ResNet50 from a file, in parts of a batch, and plans before", async (gpu) => {
  await withBirds(async (data, out) => {
    const options = { arch: "resnet50", method: "cam", prior: "relu", classes: 1 } as const;
    const model = buildModel(gpu, { ...options, detachNormaliser: true }, 1);
    const state = await stateOf(model.backbone);
    model.dispose();
    const head = ["fc.bias", { shape: [2], data: Float32Array.of(1, 2) }] as const;
    const pretrained = await save(`${data}/resnet50.safetensors`, [...state, head]);
    const run = ["train", "--data", data, ...SMALL, "--arch", "resnet50", "--out", out];
    const plan = await calm([...run, "--dry-run", "--micro-batch", "4", "--json"]);
    assert.equal(plan.code, 0, plan.stderr);
    assert.match(plan.stderr, /parameters +23,5\d\d,\d\d\d/);
    assert.ok(last(plan.stdout).peak_bytes > last(plan.stdout).model_bytes);
    const trained = await calm(
      [
        ...run,
        "--pretrained",
        pretrained,
        "--epochs",
        "1",
        "--micro-batch",
        "4",
        "--lr",
        "1e-4",
        "--json",
      ],
    );
    assert.equal(trained.code, 0, trained.stderr);
    assert.match(
      trained.stderr,
      /265 tensors taken; 1 skipped \(fc\); 4 new \(conv_last, attention\.0\)/,
    );
    assert.equal(last(trained.stdout).arch, "resnet50");
    await refuses(
      ["train", "--data", data, "--arch", "vgg16", "--pretrained", pretrained, "--out", `${out}2`],
      /resnet50\.safetensors holds resnet50, not vgg16; the backbone resnet50 takes it/,
    );
    const inspect = async (path: string) => {
      const { code, stdout, stderr } = await calm(["weights", "inspect", path, "--json"]);
      assert.equal(code, 0, stderr);
      return { ...last(stdout), stderr };
    };
    const whole = await inspect(pretrained);
    assert.equal(whole.architecture, "resnet50");
    assert.match(whole.stderr, /resnet50; no conv_last: a backbone for --pretrained/);
    state.delete("layer4.2.bn3.running_var");
    const parts = await inspect(await save(`${data}/parts.safetensors`, state));
    assert.deepEqual([parts.architecture, parts.network], [null, "resnet50"]);
    assert.match(parts.stderr, /no whole backbone: it lacks 1 of the 265 tensors of resnet50's/);
  });
});

Deno.test("options that contradict each other are named", async () => {
  await refuses(
    ["train", "--micro-batch", "64"],
    /64 pictures at once are more than a batch of 32 \(--micro-batch, --batch-size\)/,
  );
  await refuses(["train", "--method", "cam", "--prior", "relu"], /--prior is for CALM, which has/);
  // The plan of a run looks at the file that the run would begin with.
  await refuses(
    ["train", "--dry-run", "--pretrained", "no.pth"],
    /no\.pth cannot be read: there is/,
  );
});

gpuTest("options that an architecture does not have are refused", async () => {
  await withBirds(async (data) => {
    const common = ["train", "--data", data, "--out", `${data}/run`];
    await refuses(
      [...common, "--large-feature-map"],
      /small-resnet has no large feature map, the paper's backbones have \(--large-feature-map\)/,
    );
    await refuses(
      [...common, "--arch", "resnet50", "--use-mixed-6e"],
      /--use-mixed-6e is for Inception, not resnet50/,
    );
  });
});
