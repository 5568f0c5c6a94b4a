import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { torchFile, vector } from "../weights/pickles.ts";
import { calm, refuses } from "./calm.ts";

const goldens = fileURLToPath(new URL("../goldens/", import.meta.url));

Deno.test("what was chosen in a file and what was left out is said on standard error", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const foreign = await calm(["weights", "inspect", `${goldens}torch/foreign.pth`, "--json"]);
    assert.equal(foreign.code, 0, foreign.stderr);
    assert.match(foreign.stderr, /objects beside the weights are left out, made by argparse\.Name/);
    assert.doesNotMatch(foreign.stdout, /left out/);
    const path = join(folder, "two.pth");
    await Deno.writeFile(path, await torchFile({ model: { a: vector(1) }, ema: { a: vector(2) } }));
    const two = await calm(["convert", path, join(folder, "one.safetensors")]);
    assert.equal(two.code, 0, two.stderr);
    assert.match(two.stderr, /two\.pth: the weights are those of model; it also has ema \(--weigh/);
    const ema = await calm(["weights", "inspect", path, "--weights", "ema"]);
    assert.match(ema.stderr, /two\.pth: the weights are those of ema; it also has model/);
    await refuses(["convert", path, join(folder, "x.pth"), "--weights", "teacher"], /teacher/);
    await refuses(["train", "--weights", "ema"], /--weights chooses in the file of --pretrained/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("every command names a file that is no checkpoint for what it is", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const pointer = join(folder, "checkpoint.safetensors");
    await Deno.writeTextFile(pointer, "version https://git-lfs.github.com/spec/v1\nsize 1\n");
    const out = join(folder, "out.pth");
    const message =
      /checkpoint\.safetensors is a Git LFS pointer, not the file itself: run git lfs/;
    await refuses(["weights", "inspect", pointer], message);
    await refuses(["convert", pointer, out], message);
    await refuses(["train", "--resume", folder], message);
    await assert.rejects(Deno.stat(out), Deno.errors.NotFound);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
