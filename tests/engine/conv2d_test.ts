import assert from "node:assert/strict";
import { conv2d } from "../../engine/ops/conv2d.ts";
import { Tensor } from "../../engine/tensor.ts";
import { gpuTest } from "../gpu.ts";
import { random } from "../reference/array.ts";
import { checkOperation } from "../reference/check.ts";
import * as reference from "../reference/operations.ts";

type Padding = readonly [number, number];
const cases: {
  name: string;
  x: number[];
  weights: number[];
  stride?: number;
  padding?: Padding;
  bias?: boolean;
}[] = [
  { name: "3×3 on a 1×1 map", x: [1, 1, 1, 3], weights: [3, 3, 3, 5], padding: [1, 1] },
  { name: "3×3 same", x: [2, 5, 7, 3], weights: [3, 3, 3, 6], padding: [1, 1], bias: true },
  { name: "3×3 valid", x: [1, 6, 5, 4], weights: [3, 3, 4, 4] },
  {
    name: "3×3 stride 2, odd extents",
    x: [2, 9, 7, 5],
    weights: [3, 3, 5, 3],
    stride: 2,
    padding: [1, 1],
  },
  {
    name: "3×3 stride 2, even extents",
    x: [1, 8, 6, 4],
    weights: [3, 3, 4, 9],
    stride: 2,
    padding: [1, 1],
  },
  { name: "3×3 wider than a tile", x: [1, 3, 19, 9], weights: [3, 3, 9, 11], padding: [1, 1] },
  { name: "1×1", x: [3, 3, 5, 7], weights: [1, 1, 7, 10], bias: true },
  { name: "1×1 on rows of 8", x: [2, 2, 8, 4], weights: [1, 1, 4, 12] },
  { name: "1×1 stride 2", x: [2, 5, 7, 6], weights: [1, 1, 6, 5], stride: 2 },
  { name: "1×1 to one channel", x: [1, 4, 4, 8], weights: [1, 1, 8, 1], bias: true },
  {
    name: "7×7 stride 2 stem",
    x: [1, 13, 11, 3],
    weights: [7, 7, 3, 8],
    stride: 2,
    padding: [3, 3],
  },
  { name: "2×3 asymmetric", x: [1, 4, 6, 2], weights: [2, 3, 2, 3], padding: [1, 0], bias: true },
  { name: "stride 3 beyond the kernel", x: [1, 8, 10, 2], weights: [2, 2, 2, 2], stride: 3 },
];

const none: Padding = [0, 0];
for (const { name, x, weights, stride = 1, padding = none, bias = false } of cases) {
  gpuTest(`conv2d: ${name}`, async (gpu) => {
    const inputs = [random(1, x), random(2, weights), ...(bias ? [random(3, [weights[3]])] : [])];
    await checkOperation(gpu, {
      inputs,
      operation: (x, w, b) => conv2d(x, w, b, { stride, padding }),
      reference: (x, w, b) => reference.conv2d(x, w, b ?? null, { stride, padding }),
      terms: Math.max(weights[0] * weights[1] * Math.max(weights[2], weights[3]), x[1] * x[2]),
    });
  });
}

gpuTest("conv2d: a weight gradient split over many stripes", async (gpu) => {
  const shape = [5, 6, 4, 3];
  await checkOperation(gpu, {
    inputs: [random(1, shape), random(2, [3, 3, 3, 2])],
    operation: (x, w) => conv2d(x, w, null, { padding: 1 }),
    reference: (x, w) => reference.conv2d(x, w, null, { padding: [1, 1] }),
    terms: 120,
  });
});

gpuTest("conv2d: shapes that do not fit are refused", (gpu) => {
  gpu.scope(() => {
    const x = Tensor.zeros(gpu, [1, 4, 4, 3]);
    assert.throws(() => conv2d(x, Tensor.zeros(gpu, [3, 3, 4, 2])), /not \[1,4,4,3\]/);
    assert.throws(() => conv2d(x, Tensor.zeros(gpu, [5, 5, 3, 2])), /does not fit a 4×4 picture/);
    const weights = Tensor.zeros(gpu, [3, 3, 3, 2]);
    assert.throws(() => conv2d(x, weights, Tensor.zeros(gpu, [3])), /cannot add 3 biases/);
  });
});
