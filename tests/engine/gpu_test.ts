import assert from "node:assert/strict";
import { backward } from "../../engine/autograd.ts";
import { Gpu } from "../../engine/gpu.ts";
import { Kernel } from "../../engine/kernel.ts";
import { add, affine, multiply } from "../../engine/ops/elementwise.ts";
import { sum } from "../../engine/ops/reduce.ts";
import { Tensor } from "../../engine/tensor.ts";
import { gpuTest } from "../gpu.ts";

gpuTest("a scope gives back what it made, except results and what is kept", async (gpu) => {
  const before = gpu.memory.live;
  const { result, kept } = gpu.scope(() => {
    const x = Tensor.from(gpu, [1, 2, 3], [3]);
    const kept = add(x, x).keep();
    gpu.scope(() => multiply(x, x));
    return { result: affine(kept, { scale: 10 }), kept };
  });
  assert.equal(gpu.memory.live - before, 512);
  assert.deepEqual([...await result.read()], [20, 40, 60]);
  assert.deepEqual([...await kept.read()], [2, 4, 6]);
  result.dispose();
  kept.dispose();
  assert.equal(gpu.memory.live, before);
});

gpuTest("a scope that throws gives everything back", (gpu) => {
  const before = gpu.memory.live;
  assert.throws(() =>
    gpu.scope(() => {
      Tensor.zeros(gpu, [100]);
      throw new Error("on purpose");
    }), /on purpose/);
  assert.equal(gpu.memory.live, before);
});

gpuTest("gradients of several backward passes add up until they are taken away", async (gpu) => {
  const x = Tensor.from(gpu, [1, 2], [2]).asParameter();
  for (let i = 0; i < 3; i++) gpu.scope(() => backward(sum(multiply(x, x))));
  assert.deepEqual([...await x.gradient!.read()], [6, 12]);
  x.dispose();
});

gpuTest("without gradients nothing is recorded", (gpu) => {
  const x = Tensor.from(gpu, [1, 2], [2]).asParameter();
  const y = gpu.withoutGradients(() => add(x, x));
  assert.equal(y.node, null);
  assert.equal(gpu.recordsGradients, true);
  x.dispose();
  y.dispose();
});

gpuTest("a tensor used after dispose is an error, not someone else's data", (gpu) => {
  const x = Tensor.from(gpu, [1], [1]);
  x.dispose();
  gpu.scope(() => assert.throws(() => add(x, x), /A tensor of shape \[1\] was used after dispose/));
});

gpuTest("data that do not fit the shape are refused", (gpu) => {
  assert.throws(() => Tensor.empty(gpu, [2, 0]), /positive integers, not \[2,0\]/);
  gpu.scope(() => {
    assert.throws(() => Tensor.from(gpu, [1, 2, 3], [2, 2]), /has 4 elements, not 3/);
    const padded = new Float32Array(3);
    assert.throws(() => Tensor.fromPadded(gpu, padded, [1, 3]), /has 4 elements, not 3/);
  });
});

gpuTest("a shader that does not compile is named with the line", async () => {
  const other = await Gpu.request();
  const kernel = new Kernel("broken", "@compute @workgroup_size(1) fn main() { let x = 1 + ; }");
  other.run(kernel, { buffers: [], workgroups: [1] });
  await assert.rejects(other.idle(), /The shader broken does not compile:[\s\S]*wgsl:1:/);
  other.destroy();
});

gpuTest("a shader can be replaced for a while; messages name the replacement", async () => {
  const other = await Gpu.request();
  const shipped = (factor: number) =>
    `override FACTOR: f32;
     @group(0) @binding(1) var<storage, read_write> out: array<f32>;
     @compute @workgroup_size(1) fn main() { out[0] = FACTOR * ${factor}; }`;
  const kernel = new Kernel("double", shipped(1), { FACTOR: 2 });
  const x = Tensor.zeros(other, [1]);
  const run = async (source: string | null) => {
    other.replaceShader("double", source === null ? null : { source, label: "mine.wgsl" });
    other.run(kernel, { buffers: [x.buffer], workgroups: [1] });
    return (await x.read())[0];
  };
  assert.equal(await run(null), 2);
  assert.equal(await run(shipped(5)), 10);
  const constantless = shipped(7).replace("override FACTOR: f32;", "const FACTOR = 1f;");
  assert.equal(await run(constantless), 7, "constants it does not declare are not handed to it");
  assert.equal(await run(null), 2);
  other.replaceShader("double", { source: shipped(3), label: "double" });
  other.run(kernel, { buffers: [x.buffer], workgroups: [1] });
  assert.equal((await x.read())[0], 6, "a label may be the name of a shipped shader");
  await assert.rejects(run("fn main() { let x = ; }"), /The shader mine\.wgsl does not compile/);
  other.destroy();
});

gpuTest(
  "uniforms are handed over by their names, in whatever order they are declared",
  async (gpu) => {
    const shader = (uniforms: string, value: string) => `
    ${uniforms}
    @group(0) @binding(1) var<storage, read_write> out: array<vec4f>;
    @compute @workgroup_size(1) fn main() { out[0] = vec4f(${value}, 0, 0, 0); }`;
    const struct = (fields: string) =>
      `struct P { ${fields} } @group(0) @binding(0) var<uniform> p: P;`;
    const value = "f32(p.shift) + f32(p.count) * p.factor";
    const out = Tensor.zeros(gpu, [1]);
    const run = async (source: string, parameters: Record<string, number>) => {
      gpu.run(new Kernel("named", source), { buffers: [out.buffer], parameters, workgroups: [1] });
      return (await out.read())[0];
    };
    const parameters = { count: 3, shift: -2, factor: 0.5, unused: 7 };
    const orders = [
      "count: u32, shift: i32, factor: f32",
      "factor: f32, // , count: u32\n shift: i32,\n count: u32,",
    ];
    for (const fields of orders) {
      assert.equal(
        await run(shader(struct(fields), value), parameters),
        -0.5,
      );
    }
    const scalar = "@group(0) @binding(0) var<uniform> factor: f32;";
    assert.equal(await run(shader(scalar, "factor"), parameters), 0.5);
    await assert.rejects(
      run(shader(struct("count: u32, rate: f32"), "p.rate"), parameters),
      /^UserError: The shader named declares the uniform rate, but it is handed only count, shift, factor, unused$/,
    );
    out.dispose();
  },
);

gpuTest("a shader that does not declare its tile is refused", () => {
  assert.equal(new Kernel("a", "const TILE_PIXELS = 16u;").tile("TILE_PIXELS"), 16);
  assert.throws(
    () => new Kernel("a", "// const TILE_PIXELS = 16u;").tile("TILE_PIXELS"),
    /The shader a does not declare its tile: a line like const TILE_PIXELS = 32u;/,
  );
});

gpuTest("memory: limits of the pool and of the adapter are errors with numbers", async () => {
  const other = await Gpu.request({ memoryLimit: 1 << 20 });
  const first = Tensor.zeros(other, [1 << 17]);
  Tensor.zeros(other, [1 << 16]).dispose();
  assert.equal(other.memory.pooled, 1 << 18);
  // Fits only without the pooled buffer, which makes room.
  const second = affine(first, { scale: 2 });
  assert.deepEqual(other.memory.pooled, 0);
  assert.equal((await second.read())[5], 0);
  second.dispose();
  assert.throws(
    () => Tensor.empty(other, [1 << 18]),
    /OutOfMemoryError: Out of GPU memory: 0\.50 MiB are in use and 1\.00 MiB more are needed/,
  );
  first.dispose();
  // A buffer may be larger than a binding, but not than the adapter's largest buffer.
  const huge = other.device.limits.maxBufferSize;
  assert.throws(
    () => Tensor.empty(other, [Math.ceil(huge / 4) + 1024]),
    /one buffer of this adapter holds at most/,
  );
  other.destroy();
});
