import assert from "node:assert/strict";
import { expectSelfContained } from "../eval/markup_check.ts";
import { withCub } from "../data/cub_folder.ts";
import { gpuTest } from "../gpu.ts";
import { calm, refuses, SMALL } from "./calm.ts";

/** Makes one class of a folder's two. */
async function mergeClasses(root: string): Promise<void> {
  const labels = await Deno.readTextFile(`${root}/image_class_labels.txt`);
  await Deno.writeTextFile(`${root}/image_class_labels.txt`, labels.replaceAll(/ \d+$/gm, " 1"));
  await Deno.writeTextFile(`${root}/classes.txt`, "1 001.Wren\n");
}

gpuTest("one class: trained, reported, explained, measured and drawn without a rival", async () => {
  await withCub(async (root) => {
    await mergeClasses(root);
    const data = ["--dataset", "cub", "--data", root];
    const runs = async (...args: string[]) => {
      const { code, stdout, stderr } = await calm([...args, "--json"]);
      assert.equal(code, 0, stderr);
      return { json: JSON.parse(stdout.trimEnd().split("\n").at(-1)!), stderr };
    };
    const run = `${root}/run`;
    const { json: { report } } = await runs(
      ...["train", ...data, ...SMALL, "--epochs", "1", "--out", run],
    );
    const text = await Deno.readTextFile(report);
    expectSelfContained(text);
    assert.match(text, /shown one class only/);
    assert.doesNotMatch(text, /rather than|undefined/);

    const checkpoint = ["--checkpoint", `${run}/checkpoint.safetensors`];
    const picture = `${root}/images/001.Wren/Wren_7.jpg`;
    const explained = ["explain", picture, ...checkpoint, "--out", `${root}/maps`];
    const kinds = "joint,conditional,saliency,posterior,gradient,grad-cam";
    const { json: { outputs } } = await runs(...explained, "--map", kinds);
    for (const output of outputs) {
      assert.equal(output.class, "001.Wren");
      assert.ok(Math.abs(output.probability - 1) < 1e-5, "a sum over the cells in float32");
    }
    await Deno.remove(`${root}/maps`, { recursive: true });
    await refuses(
      [...explained, "--map", "joint,counterfactual"],
      /--map counterfactual tells a class from another one, and .* knows one class only/,
    );
    await assert.rejects(Deno.stat(`${root}/maps`), "nothing was drawn before it was refused");

    const { stderr } = await runs("eval", "all", ...data, ...checkpoint, "--out", `${root}/eval`);
    assert.match(stderr, /No cue localization: /);
    expectSelfContained(await Deno.readTextFile(`${root}/eval/report.html`));
    const figure = ["figure", "3", ...data, ...checkpoint, "--out", `${root}/figures`];
    const { json: { svg } } = await runs(...figure);
    assert.doesNotMatch(await Deno.readTextFile(svg), /counterfactual/);
  });
});
