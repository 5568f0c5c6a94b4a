import assert from "node:assert/strict";
import { ilsvrcFiles, withFolder, write } from "../data/wsol_folder.ts";
import { gpuTest } from "../gpu.ts";
import { expectSelfContained } from "../eval/present/markup_check.ts";
import { calm, CLI, refuses, SMALL, withBirds } from "./calm.ts";
import { writeAtomically } from "../../weights/atomic_write.ts";

Deno.test("every command has a help that names its options", async () => {
  for (
    const command of [
      "train",
      "search",
      "explain",
      "figure",
      "eval",
      "weights",
      "convert",
      "data",
      "tune",
      "bench",
      "viewer",
      "doctor",
    ]
  ) {
    const { code, stdout } = await calm([command, "--help"]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`Usage: ./calm ${command}`));
    assert.match(stdout, /--json/);
    const wide = stdout.split("\n").filter((line) => line.length > 80);
    assert.deepEqual(wide, [], "80 columns");
  }
});

Deno.test("the front door: all tasks with a line each, the version", async () => {
  for (const args of [[], ["help"], ["--help"]]) {
    const { code, stdout } = await calm(args);
    assert.equal(code, 0);
    assert.match(stdout, /^CALM on WebGPU: image classifiers/);
    const { tasks } = JSON.parse(
      await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
    );
    for (const task of Object.keys(tasks)) {
      if (task !== "ok") assert.match(stdout, new RegExp(`^  ${task} +\\S`, "m"));
    }
    assert.ok(stdout.split("\n").every((line) => line.length <= 80), "80 columns");
  }
  assert.match((await calm(["--version"])).stdout, /^CALM on WebGPU \d+\.\d+\.\d+, Deno \d/);
  assert.match((await calm(["help", "eval"])).stdout, /Usage: \.\/calm eval/);
});

Deno.test("unknown tasks and options, and values out of range, are named", async () => {
  await refuses(
    ["trian"],
    /There is no task "trian"; did you mean "train"\? \(\.\/calm help lists/,
  );
  await refuses(["train", "--epoch", "3"], /Unknown option --epoch; did you mean "--epochs"\?/);
  await refuses(
    ["train", "--method", "calm-me"],
    /one of cam, .*, calm-ml, calm-em; did you mean "calm-em"/,
  );
  await refuses(["eval", "wosl"], /not wosl; did you mean "wsol"\?/);
  await refuses(
    ["train", "--epochs", "0"],
    /--epochs is "0", expected a whole number of at least 1/,
  );
  await refuses(["train", "--lr", "fast"], /--lr is "fast", expected a number/);
  await refuses(
    ["train", "--method", "em"],
    /--method is "em", expected one of cam, .*, calm-ml, calm-em/,
  );
  await refuses(
    ["train", "--crop", "80"],
    /A cut of 80 pixels is larger than the 72 .* \(--crop, --resize\)$/m,
  );
  await refuses(["train", "birds"], /Unexpected argument "birds"/);
  await refuses(
    ["train", "--resume", "x", "--lr", "1"],
    /--lr cannot change a run that is resumed/,
  );
});

Deno.test("a missing data folder and a missing checkpoint are named", async () => {
  await refuses(
    ["train", "--dataset", "cub", "--data", "/no/such/folder"],
    /data folder \/no\/such\/folder does not exist/,
  );
  await refuses(["train", "--resume", "/no/run"], /checkpoint \/no\/run\/.* cannot be read/);
});

gpuTest("train, stop and resume: numbers, checkpoint, log and pictures are there", async () => {
  await withBirds(async (data, out) => {
    const common = ["train", "--data", data, ...SMALL, "--json"];
    const first = await calm([...common, "--out", out, "--epochs", "2"]);
    assert.equal(first.code, 0, first.stderr);
    const result = JSON.parse(first.stdout.trim().split("\n").at(-1)!);
    assert.equal(result.dataset, "birds");
    assert.equal(result.method, "calm-em");
    assert.equal(result.train_loss.length, 2);
    assert.ok(result.test_accuracy >= 0 && result.test_accuracy <= 1);
    assert.ok(result.images_per_second > 0);
    for (const path of [result.checkpoint, result.contact_sheet, result.report]) {
      assert.ok((await Deno.stat(path)).size > 0);
    }
    assert.equal(first.stderr.trimEnd().split("\n").at(-1), `report        ${out}/report.html`);
    expectSelfContained(await Deno.readTextFile(result.report));

    await refuses(["train", "--data", data, "--out", out], /already holds a checkpoint/);
    await refuses(["train", "--resume", out], /has already seen 2 epochs: --epochs has to be more/);
    const resumed = await calm(["train", "--resume", out, "--epochs", "3", "--json"]);
    assert.equal(resumed.code, 0, resumed.stderr);
    const longer = JSON.parse(resumed.stdout.trim().split("\n").at(-1)!);
    assert.deepEqual(longer.train_loss.slice(0, 2), result.train_loss);
    assert.equal(longer.epochs, 3);
    const log = (await Deno.readTextFile(`${out}/log.jsonl`)).trim().split("\n").map((l) =>
      JSON.parse(l)
    );
    assert.deepEqual(log.map(({ epoch }) => epoch).filter(Boolean), [1, 2, 3]);
  });
});

gpuTest("Ctrl-C saves and stops with status 130; the run can be resumed", async () => {
  await withBirds(async (data, out) => {
    const args = ["train", "--data", data, ...SMALL, "--out", out, "--epochs", "500"];
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-env", CLI, ...args],
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let told = "";
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      if (!told.includes("epoch 2/") && (told + text).includes("epoch 2/")) child.kill("SIGINT");
      told += text;
    }
    assert.equal((await child.status).code, 130, told);
    assert.match(told, /Stopped; go on with \.\/calm train --resume/);
    const done = Number(/.*epoch (\d+)\/500/s.exec(told)![1]);
    const epochs = String(done + 2);
    const { code, stderr } = await calm(["train", "--resume", out, "--epochs", epochs]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, new RegExp(`epoch ${epochs}/${epochs}`));
  });
});

gpuTest("a damaged picture is named; --skip-corrupt trains without it", async () => {
  await withBirds(async (data, out) => {
    const [line] = (await Deno.readTextFile(`${data}/images.txt`)).split("\n");
    const path = `${data}/images/${line.split(" ")[1]}`;
    await Deno.truncate(path, 700);
    const common = ["train", "--data", data, ...SMALL, "--epochs", "1", "--out", out];
    await refuses(common, /\.jpg is damaged: .*such pictures can be left out \(--skip-corrupt\)/);
    const { code, stderr } = await calm([...common, "--skip-corrupt"]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /Left out: .*\.jpg is damaged/);
  });
});

gpuTest("running out of GPU memory names a batch size to try", async () => {
  await withBirds(async (data, out) => {
    await refuses(
      ["train", "--data", data, ...SMALL, "--out", out, "--memory-limit", "2"],
      /Out of GPU memory: .* the limit is 2\.00 MiB; try batches of 4 pictures instead of 8, or parts of 4 at once \(--batch-size, --micro-batch\)/,
    );
    await assert.rejects(Deno.stat(`${out}/checkpoint.safetensors`), "nothing half-written");
  });
});

Deno.test({
  name: "without an adapter the message names ./calm doctor, which tells what to install",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const none = { VK_DRIVER_FILES: "/dev/null", DENO_WEBGPU_BACKEND: "vulkan" };
    await withBirds(async (data) => {
      await refuses(
        ["train", "--data", data],
        /No WebGPU adapter was found: run \.\/calm doctor/,
        none,
      );
    });
    const { code, stdout } = await calm(["doctor"], none);
    assert.equal(code, 1);
    assert.match(stdout, /adapter +none/);
    assert.match(stdout, /mesa-vulkan-drivers/);
  },
});

Deno.test({
  name: "a full disk is named, and the old file stays",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/checkpoint.safetensors`;
    await writeAtomically(path, new Uint8Array([1, 2, 3]));
    // /dev/full answers every write as a full disk does.
    await Deno.symlink("/dev/full", `${path}.${Deno.pid}.tmp`);
    await assert.rejects(
      writeAtomically(path, new Uint8Array(10_000)),
      /^UserError: The disk is full: .*checkpoint\.safetensors needs 10000 bytes; nothing was changed/,
    );
    assert.deepEqual([...await Deno.readFile(path)], [1, 2, 3]);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), [
      "checkpoint.safetensors",
    ]);
    await Deno.remove(folder, { recursive: true });
  },
});

gpuTest(
  "train --profile prints kernels and leaves a trace",
  (gpu) =>
    withBirds(async (data, out) => {
      if (!gpu.hasTimestamps) return;
      const train = ["train", "--data", data, "--out", out, ...SMALL, "--profile"];
      const { code, stdout, stderr } = await calm([...train, "--epochs", "2"]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^kernel +calls +ms/m);
      assert.match(stdout, /^conv2d_\w+ .* %/m);
      const { traceEvents } = JSON.parse(await Deno.readTextFile(`${out}/trace.json`));
      assert.ok(traceEvents.length > 100);
      const resumed = await calm(["train", "--resume", out, "--epochs", "3", "--profile"]);
      assert.match(resumed.stderr, /No profile: the run was over/);
    }),
);

Deno.test("a data set without training pictures cannot be trained on", async () => {
  await withFolder({ ...await ilsvrcFiles() }, async (root) => {
    await write(root, { "dataset/ILSVRC/train": null });
    const train = ["train", "--dataset", "ilsvrc", "--data", root, "--out", `${root}/run`];
    const message =
      /holds no training pictures of ilsvrc: \.\/calm data check .* says what is missing/;
    await refuses(train, message);
    await refuses([...train, "--dry-run"], message);
  });
  await refuses(
    ["train", "--dataset", "ilsvrc"],
    /ilsvrc has no default folder: .*metadata\/ILSVRC.* \(--data\)/,
  );
});

Deno.test("data check counts what is there, and fails when something needed is missing", async () => {
  await withBirds(async (data) => {
    const command = ["data", "check", data, "--json"];
    const whole = await calm(command);
    assert.equal(whole.code, 0, whole.stderr);
    assert.match(whole.stderr, /birds is complete: 3 classes, 24 training and 12 test pictures/);
    const { kind, problems, classes, train, val, test } = JSON.parse(whole.stdout);
    assert.deepEqual([kind, problems], ["CUB-200-2011", []]);
    assert.deepEqual([classes, train, val, test], [3, 24, 0, 12]);

    await Deno.remove(`${data}/classes.txt`);
    await Deno.remove(`${data}/parts`, { recursive: true });
    const damaged = await calm(command);
    assert.equal(damaged.code, 1);
    assert.match(damaged.stderr, /Problems:\n {2}\S+classes\.txt is missing\nRemarks:\n/);
    assert.match(damaged.stderr, /part_locs\.txt is missing: eval cue-localization cannot be run/);
    assert.match(damaged.stderr, /birds is not complete: 0 classes/);
    assert.deepEqual(JSON.parse(damaged.stdout).problems, [`${data}/classes.txt is missing`]);
  });
  await refuses(
    ["data", "check", "/no/such/folder"],
    /data folder \/no\/such\/folder does not exist/,
  );
});
