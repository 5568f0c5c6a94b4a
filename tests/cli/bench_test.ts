import assert from "node:assert/strict";
import { gpuTest } from "../gpu.ts";
import { calm, refuses } from "./calm.ts";

Deno.test("bench: what it cannot do is refused before the adapter is opened", async () => {
  await refuses(["bench", "resnet51"], /nothing called "resnet51": it is small-network, resnet50/);
  await refuses(["bench", "--stride", "8"], /--stride is an option of resnet50 only/);
  await refuses(["bench", "conv2d_forward", "--batch", "3"], /--batch has no meaning here/);
  await refuses(["bench", "--shape", "1x8x8x4,3x3x4"], /--shape has no meaning here/);
  await refuses(
    ["bench", "conv2d_forward", "--shape", "8x8"],
    /--shape is "8x8", expected input and kernel like 1x28x28x128,3x3x128/,
  );
  await refuses(
    ["bench", "resnet50", "--peer", "tfjs"],
    /--peer tfjs is timed on small-network, not on resnet50/,
  );
  await refuses(["bench", "--print-shader", "conv"], /no shader "conv": the shaders are accum/);
  await refuses(["tune", "vgg"], /There is no network "vgg": it is small-network, resnet50/);
});

gpuTest("bench: a shader of the user's is checked, timed, or refused with the line", async () => {
  const shape = ["--shape", "1x9x9x8,3x3x12", "--repetitions", "3"];
  const folder = await Deno.makeTempDir();
  try {
    const mine = `${folder}/mine.wgsl`;
    const { stdout: shipped } = await calm(["bench", "--print-shader", "conv2d_tiled"]);
    assert.match(shipped, /@compute @workgroup_size\(8, 8\)/);
    const bench = ["bench", "conv2d_forward", ...shape, "--shader", mine];
    const replaces = ["--replaces", "conv2d_tiled"];

    await Deno.writeTextFile(mine, shipped);
    const { code, stdout, stderr } = await calm([...bench, ...replaces, "--json"]);
    assert.equal(code, 0, stderr);
    const { ratio, variant, results, error_share, interval, rounds } = JSON.parse(stdout);
    assert.ok(ratio > 0 && error_share < 1 && rounds >= 12);
    assert.ok(interval[0] <= ratio && ratio <= interval[1], `${ratio} in ${interval}`);
    assert.equal(variant, "tiles");
    assert.equal(results.length, 2);

    await Deno.writeTextFile(mine, shipped.replace("sum0 += v0.x", "sum0 += v0.y"));
    await fails(
      [...bench, ...replaces],
      /mine\.wgsl gives wrong results: \[\d+,\d+,\d+,\d+\] of the result \[1,9,9,12\] is .*, expected .*times/,
    );
    const endless = shipped.replace("kh < p.kernel_height; kh++", "kh < p.kernel_height; kh += 0u");
    assert.notEqual(endless, shipped);
    await Deno.writeTextFile(mine, endless);
    const stopped = await calm([...bench, ...replaces, "--time-limit", "2"]);
    assert.match(stopped.stderr, /mine\.wgsl did not come to an end within 2 s/);
    assert.equal(stopped.code, 137);
    await Deno.writeTextFile(mine, shipped.replace("var sum0 = vec4f()", "var sum0 = vec5f()"));
    await fails([...bench, ...replaces], /mine\.wgsl does not compile[\s\S]*wgsl:\d+[\s\S]*\^\^\^/);
    await Deno.writeTextFile(mine, shipped.replace("const TILE_PIXELS = 32u;", ""));
    await fails([...bench, ...replaces], /mine\.wgsl does not declare its tile/);
    await fails(
      [...bench, "--replaces", "softmax"],
      /--replaces is "softmax", expected one of the shaders of conv2d_forward: conv2d_product/,
    );
    await fails([...bench.slice(0, -1), `${folder}/none.wgsl`], /none\.wgsl cannot be read/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Like `refuses`, after lines about the adapter. */
async function fails(args: string[], message: RegExp): Promise<void> {
  const { code, stderr } = await calm(args);
  assert.equal(code, 1, stderr);
  assert.match(stderr, message);
  assert.doesNotMatch(stderr, /^\s+at /m);
}
