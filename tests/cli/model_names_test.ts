import assert from "node:assert/strict";
import { join } from "node:path";
import { modelNames } from "../../cli/model_names.ts";
import { checkpointList } from "../../cli/model_options.ts";

Deno.test("models are called as their folders, and more where these are alike", () => {
  const names = (...paths: string[]) => modelNames(paths.map((path) => `/${path}`));
  const file = "checkpoint.safetensors";
  assert.deepEqual(names(`em/${file}`, `cam/${file}`), ["em", "cam"]);
  assert.deepEqual(names("em/best.pth", "em/last.pth.tar"), ["best", "last.pth"]);
  assert.deepEqual(
    names(`em/${file}`, "x/best.pth", "x/last.pth"),
    ["em", "x-best", "x-last"],
    "not all in one folder",
  );
  assert.deepEqual(names(`a/em/${file}`, `b/em/${file}`, `a/c/${file}`), ["a-em", "b-em", "a-c"]);
  assert.deepEqual(names(`a/1/em/${file}`, `b/1/em/${file}`), ["a-1-em", "b-1-em"]);
  assert.deepEqual(names("m.pth"), ["model"]);
  const [upper, lower] = names(`a/EM/${file}`, `b/em/${file}`);
  assert.notEqual(upper.toLowerCase(), lower.toLowerCase(), "one folder where case says nothing");
  assert.throws(
    () => names(`em/${file}`, `x/../em/${file}`),
    /^UserError: --checkpoint has \/x\/\.\.\/em\/checkpoint\.safetensors twice, expected each/,
  );
});

Deno.test("a list of checkpoints: folders, nothing between commas, commas in names", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const run = join(folder, "run");
    await Deno.mkdir(run);
    const checkpoint = join(run, "checkpoint.safetensors");
    await Deno.writeTextFile(checkpoint, "");
    assert.deepEqual(checkpointList(`${run}, ${checkpoint}`), [checkpoint, checkpoint]);
    for (const list of [`${run},`, `,${run}`, `${run},,${run}`, " "]) {
      assert.throws(() => checkpointList(list), /^UserError: --checkpoint has nothing between two/);
    }
    const comma = join(folder, "a,b.safetensors");
    await Deno.writeTextFile(comma, "");
    assert.deepEqual(checkpointList(comma), [comma]);
    await Deno.mkdir(join(folder, "r,1"));
    await Deno.copyFile(checkpoint, join(folder, "r,1", "checkpoint.safetensors"));
    assert.deepEqual(
      checkpointList(join(folder, "r,1")),
      [join(folder, "r,1", "checkpoint.safetensors")],
    );
    assert.throws(() => checkpointList(`${checkpoint}/x,${folder}`), /folder without checkpoint/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
