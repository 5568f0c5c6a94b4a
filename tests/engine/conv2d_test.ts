import assert from "node:assert/strict";
import { checkVariant, sampleOperands } from "../../bench/check_variant.ts";
import { conv2d } from "../../engine/ops/conv2d.ts";
import { convolutionProblem } from "../../engine/ops/convolution/problem.ts";
import { forwardProduct, inputGradient } from "../../engine/ops/convolution/product.ts";
import { weightGradient } from "../../engine/ops/convolution/weight_gradient.ts";
import { Tensor } from "../../engine/tensor.ts";
import { gpuTest } from "../gpu.ts";
import { random } from "../reference/array.ts";
import { checkOperation } from "../reference/check.ts";
import * as reference from "../reference/operations.ts";
import { withVariants } from "../variants.ts";

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
/** Variants of the families by position: each direction has one for software and one for GPUs. */
for (const position of [0, 1]) {
  const kind = forwardProduct.variants[position].name;
  for (const { name, x, weights, stride = 1, padding = none, bias = false } of cases) {
    gpuTest(`conv2d through ${kind}: ${name}`, async (gpu) => {
      const inputs = [random(1, x), random(2, weights), ...(bias ? [random(3, [weights[3]])] : [])];
      await withVariants(
        gpu,
        ({ family }) => family.variants[position].name,
        () =>
          checkOperation(gpu, {
            inputs,
            operation: (x, w, b) => conv2d(x, w, b, { stride, padding }),
            reference: (x, w, b) => reference.conv2d(x, w, b ?? null, { stride, padding }),
            terms: Math.max(
              weights[0] * weights[1] * Math.max(weights[2], weights[3]),
              x[1] * x[2],
            ),
          }),
      );
    });
  }
}

/** Sizes at which the kernels take another path than for small ones. */
const large: { name: string; extents: Parameters<typeof convolutionProblem>[0] }[] = [
  {
    name: "so many weights that the gradient needs no stripes",
    extents: same({ n: 1, h: 3, w: 4, c: 250, kernel: 3, outputs: 257, stride: 1 }),
  },
  {
    name: "many pixels, few weights",
    extents: same({ n: 3, h: 41, w: 39, c: 5, kernel: 3, outputs: 6, stride: 1 }),
  },
  {
    name: "several tiles each way",
    extents: same({ n: 2, h: 9, w: 11, c: 37, kernel: 3, outputs: 70, stride: 2 }),
  },
  {
    name: "pointwise with a stride",
    extents: same({ n: 2, h: 9, w: 12, c: 40, kernel: 1, outputs: 36, stride: 2 }),
  },
];

for (const { name, extents } of large) {
  for (const family of [forwardProduct, inputGradient, weightGradient]) {
    for (const variant of family.variants) {
      gpuTest(`${family.name} through ${variant.name}: ${name}`, async (gpu) => {
        const problem = convolutionProblem(extents);
        const { share: error } = await checkVariant(gpu, family, problem, variant);
        assert.ok(error < 1, `error is ${error} of what is allowed`);
      });
    }
  }
}

gpuTest("conv2d: the same choice gives the same bits", async (gpu) => {
  const extents = same({ n: 2, h: 13, w: 9, c: 33, kernel: 3, outputs: 34, stride: 1 });
  const problem = convolutionProblem(extents);
  for (const family of [forwardProduct, inputGradient, weightGradient]) {
    for (const variant of family.variants) {
      const results: Float32Array[] = [];
      for (let run = 0; run < 2; run++) {
        const operands = sampleOperands(gpu, family, problem);
        variant.run(gpu, problem, operands);
        results.push(await operands.at(-1)!.read());
        for (const tensor of operands) tensor.dispose();
      }
      assert.deepEqual(results[0], results[1], `${family.name} ${variant.name}`);
    }
  }
});

function same(
  { n, h, w, c, kernel, outputs, stride }: Record<
    "n" | "h" | "w" | "c" | "kernel" | "outputs" | "stride",
    number
  >,
) {
  const pad = kernel >> 1;
  const kernels = { kernelHeight: kernel, kernelWidth: kernel };
  return { n, h, w, c, ...kernels, outputs, stride, padTop: pad, padLeft: pad };
}

gpuTest("conv2d: shapes that do not fit are refused", (gpu) => {
  gpu.scope(() => {
    const x = Tensor.zeros(gpu, [1, 4, 4, 3]);
    assert.throws(() => conv2d(x, Tensor.zeros(gpu, [3, 3, 4, 2])), /not \[1,4,4,3\]/);
    assert.throws(() => conv2d(x, Tensor.zeros(gpu, [5, 5, 3, 2])), /does not fit a 4×4 picture/);
    const weights = Tensor.zeros(gpu, [3, 3, 3, 2]);
    assert.throws(() => conv2d(x, weights, Tensor.zeros(gpu, [3])), /cannot add 3 biases/);
  });
});
