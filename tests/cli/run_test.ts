import assert from "node:assert/strict";
import { join } from "node:path";
import { decodeSafetensors, encodeSafetensors } from "../../weights/safetensors.ts";
import { readLog } from "../../eval/runs/run_log.ts";
import { gpuTest } from "../gpu.ts";
import { calm, refuses, SMALL, start, withBirds } from "./calm.ts";

const CHECKPOINT = "checkpoint.safetensors";

/** Changes what a checkpoint says of itself. */
async function rewrite(path: string, change: (header: Header) => void): Promise<void> {
  const { tensors, metadata } = await decodeSafetensors(await Deno.readFile(path), path);
  const header = JSON.parse(metadata.header);
  change(header);
  const changed = { ...metadata, header: JSON.stringify(header) };
  await Deno.writeFile(path, await encodeSafetensors({ tensors, metadata: changed }));
}

interface Header {
  recipe: { lr: number; epochs: number };
  dataset: { pictures?: number; listHash?: string; root: string };
}

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

gpuTest("training that diverges fails and leaves the last sound checkpoint, or none", async () => {
  await withBirds(async (data, out) => {
    const train = ["train", "--data", data, ...SMALL, "--out", out];
    await refuses(
      [...train, "--lr", "1e6"],
      /epoch 1: try a smaller learning rate than 1000000; no checkpoint was written \(--lr\)$/m,
    );
    await assert.rejects(Deno.stat(out), Deno.errors.NotFound, "no empty folder is left");

    assert.equal((await calm([...train, "--epochs", "1"])).code, 0);
    const path = join(out, CHECKPOINT);
    await rewrite(path, ({ recipe }) => recipe.lr = 1e6);
    const before = await Deno.readFile(path);
    await refuses(
      ["train", "--resume", out, "--epochs", "3"],
      /epoch [23]: try a smaller learning rate than 1000000; the checkpoint of epoch 1 is left in /,
    );
    assert.deepEqual(await Deno.readFile(path), before);
  });
});

gpuTest("a resumed run wants the data that it was begun with", async () => {
  await withBirds(async (data, out) => {
    const train = ["train", "--data", data, ...SMALL, "--out", out, "--epochs", "1"];
    assert.equal((await calm(train)).code, 0);
    const more = ["train", "--resume", out, "--epochs", "2"];
    const count = ["--classes", "3", "--train", "9", "--test", "4", "--size", "48"];
    const other = `${data}-other`;
    assert.equal((await calm(["data", "birds", other, ...count])).code, 0);
    await refuses(
      [...more, "--data", other],
      /birds-other holds other data than .* was begun with: 27 training pictures here, 24 there$/m,
    );
    const labels = join(data, "image_class_labels.txt");
    const sound = await Deno.readTextFile(labels);
    await Deno.writeTextFile(labels, sound.replace(/^(1) 1$/m, "$1 2"));
    await refuses(more, /24 training pictures here, 24 there, but other names, labels or order$/m);
    await Deno.writeTextFile(labels, sound);

    const moved = `${data}-moved`;
    await Deno.rename(data, moved);
    await refuses(more, /\/birds does not exist, and .* can only go on with the data it was/);
    await assert.rejects(Deno.stat(data), Deno.errors.NotFound, "no birds are drawn");

    // A checkpoint of before there were hashes goes on.
    await rewrite(join(out, CHECKPOINT), ({ dataset }) => {
      delete dataset.pictures;
      delete dataset.listHash;
    });
    const { code, stderr } = await calm([...more, "--data", moved]);
    assert.equal(code, 0, stderr);
  });
});

gpuTest("a run whose report was stopped is concluded; a cut log is gone on with", async () => {
  await withBirds(async (data, out) => {
    const train = ["train", "--data", data, ...SMALL, "--out", out, "--epochs", "1"];
    const run = start(train);
    await run.until(/epoch 1\/1 /);
    run.kill("SIGTERM");
    const { code, stderr } = await run.ended();
    assert.equal(code, 143, stderr);
    assert.match(
      stderr,
      /Stopped before the report was written; .* --resume \S+ tests and reports/,
    );
    const path = join(out, CHECKPOINT);
    const weights = await Deno.readFile(path);
    await Deno.writeTextFile(join(out, "log.jsonl"), '{"epoch":1,"tr', { append: true });

    const concluded = await calm(["train", "--resume", out, "--json"]);
    assert.equal(concluded.code, 0, concluded.stderr);
    const { report, test_accuracy, epochs } = JSON.parse(concluded.stdout);
    assert.equal(epochs, 1);
    assert.ok(test_accuracy >= 0 && test_accuracy <= 1);
    assert.deepEqual(await Deno.readFile(path), weights, "the weights are those of the run");
    assert.match(await Deno.readTextFile(report), /epochs, in \d+ s, on /, "the run's own time");
    const lines = (await Deno.readTextFile(join(out, "log.jsonl"))).trimEnd().split("\n");
    assert.equal(lines.filter((line) => line === '{"epoch":1,"tr').length, 1);
    assert.equal((await readLog(out)).length, lines.length - 1, "all others are whole");

    await refuses(
      ["train", "--resume", out],
      /has already seen 1 epochs: --epochs has to be more .*the report is \S+report\.html$/m,
    );
    await Deno.remove(report);
    assert.equal((await calm(["train", "--resume", out])).code, 0);
    assert.ok((await Deno.stat(report)).size > 0);
  });
});

gpuTest("two runs at once have folders of their own, and a folder has one run", async () => {
  await withBirds(async (data, out) => {
    const train = ["train", "--data", data, ...SMALL];
    const cwd = join(data, "..");
    const both = [1, 2].map(() => start([...train, "--epochs", "1"], cwd));
    for (const { code, stderr } of await Promise.all(both.map((run) => run.ended()))) {
      assert.equal(code, 0, stderr);
    }
    const runs = join(cwd, "runs");
    assert.deepEqual(await names(runs), ["birds-calm-em", "birds-calm-em-2"]);
    for (const name of await names(runs)) {
      const files = await names(join(runs, name));
      assert.ok(files.includes("report.html") && files.includes(CHECKPOINT), `${files}`);
      assert.ok(!files.some((file) => /lock|tmp/.test(file)), `${files}`);
    }

    const long = start([...train, "--epochs", "500", "--out", out]);
    await long.until(/classes, 24 training/);
    const inUse = /\/run is in use by another run \(process \d+ since \S+Z\): choose another --out/;
    await refuses([...train, "--out", out], inUse);
    await long.until(/epoch 2\//); // the checkpoint of the first is there
    await refuses(
      ["train", "--resume", out],
      /\/run is in use by another run .*: wait for its end/,
    );
    long.kill("SIGKILL");
    await long.ended();
    assert.ok((await names(out)).includes("running.lock"), "a killed run leaves its lock");
    await Deno.writeTextFile(join(out, `${CHECKPOINT}.1.tmp`), "half a checkpoint");

    const resumed = start(["train", "--resume", out]);
    await resumed.until(/classes, 24 training/);
    resumed.kill("SIGHUP");
    const { code, stderr } = await resumed.ended();
    assert.equal(code, 129, stderr);
    assert.match(stderr, /Stopped; go on with/);
    assert.deepEqual(await names(out), [CHECKPOINT, "log.jsonl"]);
  });
});
