import assert from "node:assert/strict";
import { conv2d } from "../../engine/ops/conv2d.ts";
import { affine } from "../../engine/ops/elementwise.ts";
import { Tensor } from "../../engine/tensor.ts";
import { byKernel, chromeTrace } from "../../bench/profile_table.ts";
import { gpuTest } from "../gpu.ts";

gpuTest("profile: one span a dispatch, in order, with the work it belongs to", async (gpu) => {
  if (!gpu.hasTimestamps) return;
  const x = Tensor.from(gpu, Float32Array.from({ length: 192 }, (_, i) => i), [1, 8, 8, 3]);
  const weights = Tensor.from(gpu, new Float32Array(108).fill(1), [3, 3, 3, 4]);
  const plain = conv2d(x, weights, null, { padding: 1 });
  gpu.beginProfile();
  const profiled = conv2d(x, weights, null, { padding: 1 });
  affine(profiled, { scale: 2 }).dispose();
  const spans = await gpu.endProfile();
  assert.deepEqual(await profiled.read(), await plain.read());

  const own = spans.filter(({ section }) => section?.family === "conv2d_forward");
  assert.ok(own.length > 0 && own.length === spans.length - 1);
  assert.equal(own[0].section!.shape, "1x8x8x3,3x3x4");
  assert.equal(own[0].section!.flops, 2 * 64 * 27 * 4);
  assert.equal(spans.at(-1)!.section, null);
  assert.ok(spans.every(({ milliseconds, bytes }) => milliseconds >= 0 && bytes > 0));
  for (let i = 1; i < spans.length; i++) assert.ok(spans[i].start >= spans[i - 1].start);

  const { traceEvents } = JSON.parse(chromeTrace(spans, "adapter"));
  const complete = traceEvents.filter(({ ph }: { ph: string }) => ph === "X");
  assert.equal(complete.length, spans.length + 1, "each dispatch, and the convolution once");
  for (const tensor of [x, weights, plain, profiled]) tensor.dispose();
});

gpuTest("profile: more dispatches than one query set holds", async (gpu) => {
  if (!gpu.hasTimestamps) return;
  const x = Tensor.from(gpu, [1], [1]);
  gpu.beginProfile();
  for (let i = 0; i < 2500; i++) affine(x, { scale: 1 }).dispose();
  const spans = await gpu.endProfile();
  assert.equal(spans.length, 2500);
  assert.ok(spans.at(-1)!.start > spans[2047].start);
  const [row] = byKernel(spans);
  assert.equal(row.calls, 2500);
  assert.equal(row.share, 1);
  x.dispose();
});

gpuTest("profile: an empty one, and none after it has ended", async (gpu) => {
  if (!gpu.hasTimestamps) return;
  gpu.beginProfile();
  assert.deepEqual(await gpu.endProfile(), []);
  await assert.rejects(gpu.endProfile(), /without beginProfile/);
});
