import assert from "node:assert/strict";
import { join } from "node:path";
import { gpuTest } from "../gpu.ts";
import { calm, refuses, SMALL, withBirds } from "./calm.ts";

gpuTest("search: shards, report, and the chosen draw trained again has the same bits", async () => {
  await withBirds(async (data, out) => {
    const common = ["--method", "has", "--data", data, ...SMALL, "--epochs", "1"];
    const search = ["search", ...common, "--hold-out", "2", "--draws", "2", "--out", out];
    const part = await calm([...search, "--shard", "1/2"]);
    assert.equal(part.code, 0, part.stderr);
    assert.match(part.stdout, /Part 1 of 2 is done, 1 draws; .* same command without --shard/);
    const whole = await calm([...search, "--json"]);
    assert.equal(whole.code, 0, whole.stderr);
    assert.doesNotMatch(whole.stderr, /^draw 1: lr/m, "not trained again");
    const { draws, chosen, table } = JSON.parse(whole.stdout.trim().split("\n").at(-1)!);
    assert.deepEqual(draws.map(({ index }: { index: number }) => index).sort(), [0, 1]);
    assert.ok(draws[0].score.value >= draws[1].score.value);
    assert.equal(chosen.draw, draws[0].index);
    assert.equal(chosen.test.score.measure, "MaxBoxAccV2");
    assert.ok((await Deno.readTextFile(table)).includes(chosen.command));
    assert.equal((await Deno.stat(join(out, "draws.csv"))).isFile, true);

    await refuses([...search, "--lr", "0.1"], /holds another search: --lr is not there and 0.1/);
    const [, ...again] = chosen.command.split(" ");
    const trained = await calm([...again, "--out", `${out}-again`]);
    assert.equal(trained.code, 0, trained.stderr);
    const folders = [join(out, `draw-00${chosen.draw}`), `${out}-again`];
    const [first, second] = await Promise.all(
      folders.map((folder) => Deno.readFile(join(folder, "checkpoint.safetensors"))),
    );
    assert.deepEqual(second, first);
  });
});

Deno.test("search: data without places, and classes that would have no picture left", async () => {
  await withBirds(async (data, out) => {
    const search = ["search", "--data", data, "--out", out];
    await refuses(
      [...search, "--hold-out", "8"],
      /has 8 training pictures of .*: holding 8 out leaves none \(--hold-out\)$/m,
    );
    await refuses([...search, "--shard", "2/2"], /--shard is "2\/2", expected I\/N/);
    await Deno.remove(`${data}/bounding_boxes.txt`);
    await refuses(search, /has no boxes or masks of objects, by which settings are chosen/);
  });
});
