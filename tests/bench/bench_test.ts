import assert from "node:assert/strict";
import {
  forwardReference,
  inputGradientReference,
  weightGradientReference,
} from "../../bench/convolution_reference.ts";
import type { Contestant } from "../../bench/contestant.ts";
import { comparePaired, medianInterval } from "../../bench/paired.ts";
import { copyBandwidth, timeOnGpu } from "../../bench/measure.ts";
import { OurNetwork } from "../../bench/network.ts";
import { compare, race } from "../../bench/race.ts";
import { rooflineChart } from "../../bench/roofline.ts";
import { timeLayer } from "../../bench/layers.ts";
import { tune } from "../../bench/tune.ts";
import { convolutionProblem } from "../../engine/ops/convolution/problem.ts";
import { affine } from "../../engine/ops/elementwise.ts";
import { Gpu } from "../../engine/gpu.ts";
import { Tensor } from "../../engine/tensor.ts";
import { gpuTest } from "../gpu.ts";
import { array, random } from "../reference/array.ts";
import * as reference from "../reference/operations.ts";

Deno.test("the bench's references agree with the definition and its derivatives", () => {
  const problem = convolutionProblem({
    n: 2,
    h: 5,
    w: 4,
    c: 3,
    kernelHeight: 3,
    kernelWidth: 2,
    outputs: 2,
    stride: 2,
    padTop: 1,
    padLeft: 0,
  });
  const { n, height, width, outputs } = problem;
  const x = random(1, [2, 5, 4, 3]);
  const weights = random(2, [3, 2, 3, 2]);
  const bias = random(3, [2]);
  const gradient = random(4, [n, height, width, outputs]);
  const forward = (a = x.data, b = weights.data) =>
    reference.conv2d(array(x.shape, a), array(weights.shape, b), bias, {
      stride: 2,
      padding: [1, 0],
    }).data;
  const near = (actual: Float64Array, expected: Float64Array) => {
    assert.equal(actual.length, expected.length);
    actual.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-9));
  };
  near(forwardReference(problem, [x.data, weights.data, bias.data]), forward());
  // The convolution is linear in each operand, so a difference of one is the derivative.
  const derivative = (data: Float64Array, at: (moved: Float64Array) => Float64Array) =>
    data.map((_, i) => {
      const moved = data.slice();
      moved[i] += 1;
      const [after, before] = [at(moved), at(data)];
      return after.reduce((sum, value, k) => sum + (value - before[k]) * gradient.data[k], 0);
    });
  near(
    inputGradientReference(problem, [gradient.data, weights.data]),
    derivative(x.data, (moved) => forward(moved)),
  );
  near(
    weightGradientReference(problem, [x.data, gradient.data]),
    derivative(weights.data, (moved) => forward(x.data, moved)),
  );
});

const SMALL = {
  network: "small-network",
  method: "calm-em",
  batch: 2,
  size: 16,
  classes: 3,
  stride: 32,
} as const;

gpuTest("our networks run every phase, and count their convolutions", async (gpu) => {
  const network = new OurNetwork(gpu, SMALL);
  for (const [name, phase] of Object.entries(network.phases)) {
    const numbers = await phase();
    assert.equal(numbers.length, name === "inference" ? 6 : 1);
    assert.ok(Array.from(numbers).every(Number.isFinite));
  }
  assert.ok(network.recording > 0);
  const works = await network.works("training step");
  const count = (family: string) =>
    works.filter(({ work }) => work.family.name === family).reduce((sum, w) => sum + w.count, 0);
  assert.equal(count("conv2d_forward"), 11);
  assert.equal(count("conv2d_weight_gradient"), 11);
  assert.equal(count("conv2d_input_gradient"), 10, "the stem's input is not trained");
  network.close();
});

gpuTest("layers are timed, charted and tuned", async (gpu) => {
  const network = new OurNetwork(gpu, SMALL);
  const works = (await network.works("inference")).slice(0, 2);
  network.close();
  const roof = { peak: 1e10, bandwidth: await copyBandwidth(gpu) };
  assert.ok(roof.bandwidth > 1e7);
  const rows = [];
  for (const work of works) rows.push(await timeLayer(gpu, work, { roof, repetitions: 3 }));
  assert.equal(rows[0].shape, "2x16x16x3,3x3x16 stride 2");
  assert.ok(rows.every(({ gflops, intensity }) => gflops > 0 && intensity > 0));
  const chart = rooflineChart(rows, roof, "a < b");
  assert.match(chart, /a &lt; b/);
  assert.equal(chart.match(/<title>/g)?.length, 2);
  assert.doesNotMatch(chart, /NaN/);

  const told: string[] = [];
  const choices = await tune(gpu, works.map(({ work }) => work), {
    repetitions: 1,
    onWork: ({ shape, choice, ms }) => {
      told.push(shape);
      assert.ok(choice in ms);
      assert.equal(Object.keys(ms).length, 2);
    },
  });
  assert.equal(choices.size, 2);
  assert.equal(told.length, 2);
});

gpuTest("time on the GPU grows with the work", async (gpu) => {
  const x = Tensor.zeros(gpu, [1024, 1024]);
  const copies = (count: number) => () => {
    for (let i = 0; i < count; i++) affine(x, { scale: 1 }).dispose();
  };
  const [[one], [many]] = [await timeOnGpu(gpu, 1, copies(1)), await timeOnGpu(gpu, 1, copies(40))];
  assert.ok(many > 4 * one, `${many} ms against ${one} ms`);
  x.dispose();
});

gpuTest("without timestamps the clock is used, and a profile is refused", async () => {
  const gpu = await Gpu.request();
  Object.defineProperty(gpu, "hasTimestamps", { value: false });
  const x = Tensor.zeros(gpu, [1024, 1024]);
  const times = await timeOnGpu(gpu, 3, () => affine(x, { scale: 1 }).dispose());
  assert.equal(times.length, 3);
  assert.ok(times.every((ms) => ms > 0));
  assert.throws(() => gpu.beginProfile(), /cannot time shaders \(no timestamp-query\)/);
  gpu.destroy();
});

const contestant = (name: string, logits: number[]): Contestant => ({
  name,
  phases: { inference: () => Promise.resolve(logits) },
  logits: () => Promise.resolve(logits),
  close() {},
});

Deno.test("contestants that disagree are not timed", async () => {
  const ours = contestant("ours", [1, -2]);
  assert.equal(await compare(ours, contestant("peer", [1, -2])), 0);
  assert.ok(await compare(ours, contestant("peer", [1.001, -2])) < 1e-3);
  for (const wrong of [[1, -2.1], [1, NaN], [1], [1, Infinity]]) {
    await assert.rejects(compare(ours, contestant("peer", wrong)), /peer and ours disagree/);
  }
});

Deno.test("a race alternates and gives the ratio; nonsense is refused", async () => {
  const order: string[] = [];
  const runner = (name: string, milliseconds: number): Contestant => ({
    ...contestant(name, [1]),
    phases: {
      inference: async () => {
        order.push(name);
        await new Promise((resolve) => setTimeout(resolve, milliseconds));
        return [1];
      },
    },
  });
  const options = { phase: "inference", repetitions: 3, flops: 1e6, peak: 1e9, onRound() {} };
  const row = await race(runner("a", 5), runner("b", 40), options);
  assert.equal(order.join(""), "ab".repeat(5));
  assert.ok(row.ratio! > 2 && row.peer === "b");
  assert.equal((await race(runner("a", 5), null, options)).ratio, null);
  await assert.rejects(
    race(contestant("a", [NaN]), null, options),
    /a: the result of the inference is not a number/,
  );
});

Deno.test("the median's interval: between order statistics of the binomial distribution", () => {
  const values = (n: number) => Array.from({ length: n }, (_, i) => n - i);
  assert.deepEqual(medianInterval(values(7)), [-Infinity, Infinity]);
  assert.deepEqual(medianInterval(values(8)), [1, 8]);
  // Tables of the sign test at 99 %: n = 20 leaves out 3 on each side, n = 50 leaves out 15.
  assert.deepEqual(medianInterval(values(20)), [4, 17]);
  assert.deepEqual(medianInterval(values(50)), [16, 35]);
});

Deno.test("a paired comparison takes turns, and stops when the interval is narrow", async () => {
  const order: string[] = [];
  const run = (name: string, milliseconds: number) => () => {
    order.push(name);
    return Promise.resolve(milliseconds * (1 + order.length % 4 / 1000));
  };
  const patience = { narrow: 0.01, least: 12, most: 400, seconds: 60 };
  const { ratio, interval, times } = await comparePaired([run("a", 3), run("b", 2)], patience);
  assert.equal(times[0].length, 12);
  assert.deepEqual(order.slice(0, 4), ["a", "b", "b", "a"]);
  assert.ok(interval[0] > 1.4 && interval[1] < 1.6 && Math.abs(ratio - 1.5) < 0.01);
  const noisy = (name: string) => () => {
    order.push(name);
    return Promise.resolve(1 + (order.length * 7919 % 101) / 50);
  };
  const same = await comparePaired([noisy("a"), noisy("b")], { ...patience, most: 40 });
  assert.equal(same.times[0].length, 40);
  assert.ok(same.interval[0] <= 1 && same.interval[1] >= 1, `${same.interval}`);
});
