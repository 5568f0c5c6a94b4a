import assert from "node:assert/strict";
import { gpuTest } from "../gpu.ts";
import { calm, CLI, SMALL, withBirds } from "./calm.ts";

gpuTest("results go to standard output, progress and remarks to standard error", async () => {
  await withBirds(async (data, out) => {
    const train = ["train", "--data", data, "--out", out, ...SMALL, "--epochs", "1"];
    const trained = await calm(train);
    assert.equal(trained.code, 0, trained.stderr);
    assert.match(trained.stdout, /^test accuracy \d/);
    assert.match(trained.stdout, /^Cue localization/m);
    assert.match(trained.stdout, /^report +.*report\.html$/m);
    assert.match(trained.stderr, /^adapter: /m);
    assert.doesNotMatch(trained.stderr, /test accuracy/);

    const model = ["--data", data, "--checkpoint", `${out}/checkpoint.safetensors`];
    const evaluate = ["eval", "classification", ...model];
    const plain = await calm(evaluate);
    assert.match(plain.stdout, /^small-resnet, calm-em: \d+\.\d\d % of 12 test pictures/);
    assert.equal(plain.stderr, "");
    const json = await calm([...evaluate, "--json"]);
    assert.equal(JSON.parse(json.stdout).images, 12, "nothing but JSON");
    assert.equal(json.stderr, plain.stdout);

    const quiet = await calm(["train", "--resume", out, "--epochs", "2", "--quiet"]);
    assert.equal(quiet.stderr, "");
    assert.match(quiet.stdout, /^test accuracy/);
    const failing = await calm([...evaluate.slice(0, -1), "nothing.safetensors", "--quiet"]);
    assert.match(failing.stderr, /^calm: nothing\.safetensors cannot be read/);
    assert.equal(failing.code, 1);
  });
});

/** Standard output and error of a command in a terminal of 80 columns. */
async function inTerminal(args: readonly string[]): Promise<string> {
  const quoted = [Deno.execPath(), "run", "--allow-read", "--allow-write", CLI, ...args]
    .map((word) => `'${word}'`).join(" ");
  const { stdout } = await new Deno.Command("script", {
    args: ["-qec", `stty cols 80; ${quoted}`, "/dev/null"],
    env: { NO_COLOR: "1", INIT_CWD: "" },
  }).output();
  return new TextDecoder().decode(stdout);
}

const hasScript = await new Deno.Command("sh", { args: ["-c", "command -v script stty"] })
  .output().then(({ success }) => success, () => false);

Deno.test({
  name: "in a terminal the bar fits 80 columns, and messages have lines of their own",
  ignore: !hasScript,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const drawn = await inTerminal(["data", "birds", `${folder}/birds`, "--size", "48"]);
      const bars = drawn.split(/\r?\n|\r/).filter((line) => line.includes("drawing"));
      assert.ok(bars.length > 1, drawn);
      for (const bar of bars) {
        const visible = bar.replaceAll("\x1b[2K", "");
        assert.ok(visible.length < 80, `${visible.length} columns: ${visible}`);
      }
      assert.ok(drawn.includes("\r\x1b[2K960 pictures are in "), drawn);
      // What cannot be decoded is told while the bar is there.
      const [picture] = await Array.fromAsync(Deno.readDir(`${folder}/birds/images`));
      const images = `${folder}/birds/images/${picture.name}`;
      const [{ name }] = await Array.fromAsync(Deno.readDir(images));
      await Deno.writeTextFile(`${images}/${name}`, "no picture");
      const checked = await inTerminal(["data", "check", `${folder}/birds`]);
      assert.ok(checked.includes("\r\x1b[2KProblems:"), checked);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
