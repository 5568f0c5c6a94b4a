import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import config from "../deno.json" with { type: "json" };
import { backward, sum, Tensor } from "@calm/webgpu/engine";
import { swish } from "../examples/swish.ts";
import { gpuTest } from "./gpu.ts";
import { assertClose } from "./reference/check.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Runs Deno in the project's folder. */
async function deno(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root })
    .output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

gpuTest("the examples in the docs of what is exported run", async () => {
  const modules = Object.values(config.exports);
  // Their types are known to be right only where names are imported once: Deno adds imports itself.
  const { code, stdout, stderr } = await deno("test", "--doc", "--no-check", "-A", ...modules);
  assert.equal(code, 0, stdout + stderr);
  for (const path of modules) {
    assert.match(stdout, new RegExp(`${path.replace("./", "/")}#\\S+ \\.\\.\\. .*ok`), path);
  }
});

gpuTest("example: a new operation, its values and its derivative", async (gpu) => {
  const values = [-30, -2, -0.5, 0, 1, 3, 30];
  const x = Tensor.from(gpu, values, [7]).asParameter();
  const y = gpu.scope(() => {
    const y = swish(x).keep();
    backward(sum(y));
    return y;
  });
  const sigma = (v: number) => 1 / (1 + Math.exp(-v));
  assertClose(await y.read(), values.map((v) => v * sigma(v)), 1e-6, "swish");
  const slopes = values.map((v) => sigma(v) * (1 + v * (1 - sigma(v))));
  assertClose(await x.gradient!.read(), slopes, 1e-6, "derivative");
  for (const tensor of [x, x.gradient!, y]) tensor.dispose();
});

gpuTest("example: where a model looks in a picture", async () => {
  const { code, stdout, stderr } = await deno(
    ...["run", "--allow-read", "examples/explain_picture.ts", "viewer/birds.safetensors"],
    "viewer/samples/northern-mossthrush.jpg",
  );
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    /^005\.Northern_Mossthrush, p = 0\.\d{3}\nthe cue is likeliest in row \d+, column \d+: 0\.\d{4}$/m,
  );
});

Deno.test("the library could be published: of what JSR wants only a licence is missing", async () => {
  const { stderr, stdout } = await deno("publish", "--dry-run", "--allow-dirty");
  // deno-lint-ignore no-control-regex -- colours
  const text = (stdout + stderr).replace(/\x1b\[[\d;]*m/g, "");
  const problems = [...text.matchAll(/^error\[([\w-]+)\]/gm)].map(([, name]) => name);
  assert.deepEqual(problems, ["missing-license"], text);
});
