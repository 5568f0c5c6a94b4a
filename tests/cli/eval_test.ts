import assert from "node:assert/strict";
import { gpuTest } from "../gpu.ts";
import { calm, refuses, SMALL, withBirds } from "./calm.ts";

async function json(args: string[]) {
  const { code, stdout, stderr } = await calm([...args, "--json"]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
}

gpuTest("eval: every measure, in shards, all together as tables", async () => {
  await withBirds(async (data, out) => {
    const checkpoints: string[] = [];
    for (const method of ["cam", "calm-em"]) {
      const run = `${out}-${method}`;
      const train = ["train", "--data", data, ...SMALL, "--epochs", "1", "--method", method];
      const { attribution } = await json([...train, "--out", run]);
      assert.ok(
        attribution.max_box_acc_superset >= 0 && attribution.relative_accuracy.length === 3,
      );
      checkpoints.push(`${run}/checkpoint.safetensors`);
    }
    const [cam, em] = checkpoints;
    const measure = (what: string, checkpoint: string, ...more: string[]) =>
      json([
        "eval",
        what,
        "--data",
        data,
        "--checkpoint",
        checkpoint,
        "--batch-size",
        "5",
        ...more,
      ]);

    const axioms = await measure("axioms", em, "--map", "joint,conditional");
    assert.deepEqual(axioms.results.map(({ map }: { map: string }) => map), [
      "joint",
      "conditional",
    ]);
    assert.ok(axioms.results[0].completeness < 1e-6);
    const pointing = await measure("pointing-game", em, "--map", "grad-cam");
    assert.ok(pointing.chance > 0 && pointing.pointing <= 100 && pointing.images === 12);
    const randomised = await measure("randomisation", cam, "--sample", "6");
    assert.equal(randomised.images, 6);
    const curves = await measure("deletion-insertion", cam, "--steps", "3", "--baseline", "mean");
    assert.ok(curves.deletion >= 0 && curves.insertion <= 1);

    const birds = await measure("funny-birds", em, "--sample", "4", "--map", "joint,grad-cam");
    const [joint] = birds.results;
    assert.deepEqual([joint.map, joint.images], ["joint", 4]);
    assert.ok(joint.background_independence >= 0 && joint.completeness <= 1);
    await Deno.rename(`${data}/birds.json`, `${out}.json`);
    await refuses(
      ["eval", "funny-birds", "--data", data, "--checkpoint", em],
      /has no birds\.json, which says how its pictures were drawn: \.\/calm data birds DIR draws/,
    );
    await Deno.rename(`${out}.json`, `${data}/birds.json`);

    const rise = await measure("deletion-insertion", cam, "--rise");
    assert.deepEqual([rise.baseline, rise.insertion_baseline, rise.steps, rise.of], [
      ...["zero", "rise-blur", 32, "predicted class"],
    ]);
    const literal = await measure(
      ...["cue-localization", cam, "--map", "cam-max", "--scale", "as-is"] as const,
    );
    assert.equal(literal.rule, "as they are, even bins");

    // Thresholds that are the best on other pictures are no better than the best on these.
    const box = ["--map", "subset", "--step", "0.05"];
    const best = await measure("wsol", cam, ...box);
    const honest = await measure("wsol", cam, ...box, "--thresholds-on", "train");
    const train = await measure("wsol", cam, ...box, "--split", "train");
    assert.ok(honest.max_box_acc.mean <= best.max_box_acc.mean);
    assert.deepEqual(honest.thresholds, train.thresholds);
    assert.equal(honest.images, 12);

    const cubic = await measure("wsol", cam, "--map", "subset", "--upscale", "cubic");
    assert.deepEqual([cubic.upscaling, cubic.step], ["cubic", 0.001]);

    const k = ["--k", "20,50"];
    const whole = await measure("remove-and-classify", cam, ...k);
    for (const part of ["0/2", "1/2"]) {
      const counts = [
        "--shard",
        part,
        "--counts",
        `${out}-parts/${part.replace("/", "-of-")}.json`,
      ];
      const told = await measure("remove-and-classify", cam, ...k, ...counts);
      assert.equal(told.shard.join("/"), part);
    }
    assert.deepEqual(await json(["eval", "merge", `${out}-parts`]), whole);

    const only = "classification,cue-localization,wsol,remove-and-classify,funny-birds";
    const all = ["eval", "all", "--data", data, "--step", "0.1", "--batch-size", "5"];
    all.push("--sample", "2");
    const options = [...all, "--checkpoint", checkpoints.join(), "--measures", only];
    options.push("--map", "cam,subset,joint,gradient,grad-cam,centre");
    options.push("--thresholds-on", "train", "--compat-official", "--upscale", "cubic");
    const unsharded = await json([...options, "--out", `${out}-all`]);
    assert.deepEqual(Object.keys(unsharded.tables), [
      "table1_cue_localization",
      "table2_classification",
      "figure5_remove_and_classify",
      "table3_wsol",
      "funny_birds",
    ]);
    const rows = unsharded.tables.table3_wsol.rows.map(([title]: [string]) => title);
    for (const title of ["CAM", "CAM + Y", "Grad-CAM of CAM", "CALM_EM", "CALM_EM + Y"]) {
      assert.ok(rows.includes(title), title);
    }
    assert.equal(rows.filter((title: string) => title === "Centre baseline").length, 1);
    assert.ok(unsharded.tables.table3_wsol.columns.includes("MaxBoxAccV2, test-optimal"));
    assert.match(unsharded.tables.table3_wsol.note, /best of other pictures.*cubic interpolation/);
    const cueRows = unsharded.tables.table1_cue_localization.rows;
    assert.equal(cueRows[0][5], "stretched, even bins, official count");
    const erasing = unsharded.tables.figure5_remove_and_classify;
    assert.deepEqual([erasing.columns[1], erasing.columns.at(-1)], ["0 %", "100 %"]);
    assert.equal(erasing.rows[0][1].value, 1, "nothing erased");
    const markdown = await Deno.readTextFile(`${out}-all/tables.md`);
    assert.match(markdown, /^# birds, small-resnet\n\n## Cue localization\n/);
    assert.doesNotMatch(markdown, /paper/, "the birds are not the paper's");
    for (let part = 0; part < 4; part++) {
      await json([...options, "--out", `${out}-sharded`, "--shard", `${part}/4`]);
    }
    const merged = await json(["eval", "merge", "--out", `${out}-sharded`]);
    assert.equal(unsharded.report, `${out}-all/report.html`);
    const csv = Object.keys(unsharded.tables).map((table) => `${table}.csv`);
    for (const name of [...csv, "results.json", "report.html"]) {
      assert.equal(
        await Deno.readTextFile(`${out}-sharded/${name}`),
        await Deno.readTextFile(`${out}-all/${name}`),
        name,
      );
    }
    assert.deepEqual(merged.tables, unsharded.tables);

    // The same classes in another order would be measured as if it were the same.
    const names = (await Deno.readTextFile(`${data}/classes.txt`)).trim().split("\n");
    const [one, two, three] = names.map((line) => line.split(" ")[1]);
    await Deno.writeTextFile(`${data}/classes.txt`, `1 ${two}\n2 ${one}\n3 ${three}\n`);
    const renumbered = new RegExp(
      `class 0 is "${one}" there and "${two}" here \\(2 of 3 differ\\)`,
    );
    const other = ["--data", data, "--checkpoint", cam];
    await refuses(["eval", "classification", ...other], renumbered);
    await refuses(["figure", "1", ...other], renumbered);
    await refuses(["train", "--resume", `${out}-cam`, "--epochs", "2"], renumbered);
    await Deno.writeTextFile(`${data}/classes.txt`, `${names.join("\n")}\n`);

    const base = ["eval", "wsol", "--data", data, "--checkpoint", cam];
    await refuses([...base, "--shard", "0/2"], /--shard needs --counts FILE/);
    await refuses([...base, "--shard", "2/2"], /--shard is "2\/2", expected I\/N with I from 0/);
    await refuses(
      [...base, "--map", "joint"],
      /--map is "joint", expected one of cam-max, .*grad-cam/,
    );
    await refuses([...base, "--thresholds-on", "val"], /has no val split/);
    await refuses([...options, "--measures", "wsol,x"], /--measures has "x", expected some of/);
    await refuses(
      [...all, "--checkpoint", `${cam},${cam}`, "--measures", "classification", "--out", out],
      /--checkpoint has .*run-cam.* twice, expected each model once/,
    );
    await Deno.remove(`${out}-sharded/counts/run-cam.2-of-4.json`);
    await refuses(
      ["eval", "all", "--data", data, "--checkpoint", cam, "--out", `${out}-cam`],
      /-cam is the folder of a training run, whose report would be replaced: choose another --out/,
    );
    await refuses(["eval", "merge", "--out", `${out}-sharded`], /run or finish --shard 2\/4$/m);
  });
});

Deno.test("eval says what it can measure", async () => {
  await refuses(["eval", "taste"], /eval takes classification, .*all, merge, not taste/);
  await refuses(["eval", "wsol", "--k", "3"], /--k is for remove-and-classify, not for wsol/);
  await refuses(["eval", "all", "--counts", "x"], /--counts is for classification, .*not for all/);
  await refuses(
    ["eval", "deletion-insertion", "--rise", "--steps", "3"],
    /--rise decides --steps: leave one of them out/,
  );
  await refuses(["eval", "merge"], /needs the files or folders of the parts/);
  await refuses(["eval", "merge", "no/such"], /no\/such cannot be read/);
  const lonely = ["eval", "wsol", "--metadata", "m", "--checkpoint", "c"];
  await refuses(lonely, /--metadata is for maps of other code: --scoremaps DIR names them/);
  const maps = ["eval", "wsol", "--scoremaps", "s", "--metadata", "m"];
  for (const [name, value] of [["thresholds-on", "train"], ["upscale", "cubic"], ["map", "cam"]]) {
    await refuses(
      [...maps, `--${name}`, value],
      new RegExp(`--${name} changes nothing with --scoremaps: leave it out`),
    );
  }
  await refuses(
    ["eval", "cue-localization", "--pairs-only", "--data", "d", "--map", "joint"],
    /--map changes nothing with --pairs-only/,
  );
  await refuses(["eval", "wsol", "more"], /eval wsol takes no "more"/);
});
