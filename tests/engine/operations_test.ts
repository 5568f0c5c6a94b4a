import assert from "node:assert/strict";
import { backward } from "../../engine/autograd.ts";
import { concat } from "../../engine/ops/concat.ts";
import { crossEntropy, selectLabel } from "../../engine/ops/cross_entropy.ts";
import { dropout } from "../../engine/ops/dropout.ts";
import * as elementwise from "../../engine/ops/elementwise.ts";
import { averagePool, maxPool } from "../../engine/ops/pool.ts";
import { mean, meanSpatial, sum, sumChannels, sumSpatial } from "../../engine/ops/reduce.ts";
import { resizeBilinear } from "../../engine/ops/resize_bilinear.ts";
import { scaleRows } from "../../engine/ops/scale_rows.ts";
import { logSoftmax, softmax } from "../../engine/ops/softmax.ts";
import { Tensor } from "../../engine/tensor.ts";
import { gpuTest } from "../gpu.ts";
import { array, type Array64, at, build, random } from "../reference/array.ts";
import { assertClose, checkOperation } from "../reference/check.ts";
import * as reference from "../reference/operations.ts";

const map = (f: (v: number) => number) => (x: Array64) => array(x.shape, x.data.map(f));
const zip = (f: (a: number, b: number) => number) => (a: Array64, b: Array64) =>
  array(a.shape, a.data.map((v, i) => f(v, b.data[i])));
const positive = (x: Array64) => array(x.shape, x.data.map((v) => Math.fround(Math.abs(v) + 0.5)));

/** Exponentials and logarithms of WGSL may be off by a few units in the last place. */
const EXP = 4;

const softplus = (v: number) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
const x = random(1, [2, 3, 5, 3]);
const y = random(2, [2, 3, 5, 3]);

const elementwiseCases: [string, Parameters<typeof checkOperation>[1]][] = [
  ["relu", { inputs: [x], operation: elementwise.relu, reference: map((v) => Math.max(v, 0)) }],
  ["exp", { inputs: [x], operation: elementwise.exp, reference: map(Math.exp), looseness: EXP }],
  ["log", {
    inputs: [positive(x)],
    operation: elementwise.log,
    reference: map(Math.log),
    looseness: EXP,
  }],
  ["softplus", { inputs: [x], operation: elementwise.softplus, reference: map(softplus) }],
  ["sigmoid", {
    inputs: [x],
    operation: elementwise.sigmoid,
    reference: map((v) => 1 / (1 + Math.exp(-v))),
    looseness: EXP,
  }],
  ["affine", {
    inputs: [x],
    operation: (x) => elementwise.affine(x, { scale: -2.5, shift: 0.25 }),
    reference: map((v) => -2.5 * v + 0.25),
  }],
  ["add", { inputs: [x, y], operation: elementwise.add, reference: zip((a, b) => a + b) }],
  ["subtract", {
    inputs: [x, y],
    operation: elementwise.subtract,
    reference: zip((a, b) => a - b),
  }],
  ["multiply", {
    inputs: [x, y],
    operation: elementwise.multiply,
    reference: zip((a, b) => a * b),
  }],
  ["divide", {
    inputs: [x, positive(y)],
    operation: elementwise.divide,
    reference: zip((a, b) => a / b),
    looseness: EXP,
  }],
  ["a tensor used twice", {
    inputs: [x],
    operation: (x) => elementwise.multiply(x, elementwise.add(x, x)),
    reference: map((v) => 2 * v * v),
  }],
];
for (const [name, testCase] of elementwiseCases) {
  gpuTest(`elementwise: ${name}`, (gpu) => checkOperation(gpu, testCase));
}

gpuTest("softplus: ±80 neither overflow nor vanish", async (gpu) => {
  const extreme = array([1, 6], [-80, -20, -1e-3, 1e-3, 20, 80]);
  const input = Tensor.from(gpu, extreme.data, extreme.shape);
  const output = elementwise.softplus(input);
  const values = await output.read();
  for (const [i, v] of extreme.data.entries()) {
    const exact = softplus(v);
    assert.ok(Math.abs(values[i] - exact) <= 2e-5 * exact, `softplus(${v}) = ${values[i]}`);
  }
  output.dispose();
  input.dispose();
});

const relative = (shape: number[]) => shape.reduce((a, b) => a * b);
for (const shape of [[1, 1, 1, 1], [2, 3, 5, 3], [1, 30, 29, 6]]) {
  gpuTest(`reductions of [${shape}]`, async (gpu) => {
    const inputs = [random(3, shape)];
    const [n, h, w, c] = shape;
    const spatial = (scale: number) => (x: Array64) =>
      build([n, c], (b, k) => {
        let total = 0;
        for (let i = 0; i < h; i++) for (let j = 0; j < w; j++) total += at(x, b, i, j, k);
        return total * scale;
      });
    const all = (scale: number) => (x: Array64) =>
      array([1], [scale * x.data.reduce((a, b) => a + b)]);
    // Differences of a sum of thousands lose digits: the larger step keeps them.
    const options = { inputs, terms: relative(shape), step: 1e-2 };
    await checkOperation(gpu, { ...options, operation: sumSpatial, reference: spatial(1) });
    await checkOperation(gpu, {
      ...options,
      operation: meanSpatial,
      reference: spatial(1 / (h * w)),
    });
    await checkOperation(gpu, { ...options, operation: sum, reference: all(1) });
    await checkOperation(gpu, { ...options, operation: mean, reference: all(1 / relative(shape)) });
    await checkOperation(gpu, {
      ...options,
      operation: sumChannels,
      reference: (x) =>
        build([n, h, w, 1], (b, i, j) => {
          let total = 0;
          for (let k = 0; k < c; k++) total += at(x, b, i, j, k);
          return total;
        }),
    });
  });
}

for (const channels of [1, 3, 4, 13]) {
  gpuTest(`softmax and log-softmax over ${channels} channels`, async (gpu) => {
    const inputs = [random(4, [3, 5, channels], 2)];
    const options = { inputs, terms: channels, looseness: EXP };
    const logReference = reference.logSoftmax;
    await checkOperation(gpu, { ...options, operation: logSoftmax, reference: logReference });
    await checkOperation(gpu, {
      ...options,
      operation: softmax,
      reference: (x) => map(Math.exp)(logReference(x)),
    });
  });
}

gpuTest("log-softmax: logits of ±80 stay finite and exact", async (gpu) => {
  await checkOperation(gpu, {
    inputs: [array([2, 5], [80, -80, 0, 79, -80, -80, -80, -80, -80, -80])],
    operation: logSoftmax,
    reference: reference.logSoftmax,
    looseness: EXP,
    step: 1e-3,
  });
});

gpuTest("cross-entropy: mean over the batch", async (gpu) => {
  const labels = Tensor.from(gpu, [2, 0, 4], [3], "u32");
  await checkOperation(gpu, {
    inputs: [random(5, [3, 5], 2)],
    operation: (logits) => crossEntropy(logits, labels),
    reference: (logits) => {
      const logs = reference.logSoftmax(logits);
      return array([1], [-(at(logs, 0, 2) + at(logs, 1, 0) + at(logs, 2, 4)) / 3]);
    },
    looseness: EXP,
  });
  labels.dispose();
});

gpuTest("the logits of a label at every location", async (gpu) => {
  const labels = Tensor.from(gpu, [2, 4], [2], "u32");
  await checkOperation(gpu, {
    inputs: [random(5, [2, 3, 2, 5])],
    operation: (f) => selectLabel(f, labels),
    reference: (f) => build([2, 3, 2, 1], (b, i, j) => at(f, b, i, j, [2, 4][b])),
  });
  labels.dispose();
});

for (const channels of [1, 3, 9]) {
  gpuTest(`rows of ${channels} channels times a number each`, (gpu) =>
    checkOperation(gpu, {
      inputs: [random(11, [2, 3, 5, channels]), random(12, [2, 3, 5, 1])],
      operation: scaleRows,
      reference: (x, s) =>
        build([2, 3, 5, channels], (b, i, j, k) => at(x, b, i, j, k) * at(s, b, i, j, 0)),
      terms: channels,
    }));
}

gpuTest(
  "dropout keeps its share, scales the rest, and draws the same in both directions",
  async (gpu) => {
    const ones = new Float32Array(2 * 50 * 50 * 7).fill(1);
    const x = Tensor.from(gpu, ones, [2, 50, 50, 7]).asParameter();
    const draw = async (key: readonly [number, number]) => {
      const y = gpu.scope(() => {
        const y = dropout(x, { rate: 0.3, key }).keep();
        backward(y);
        return y;
      });
      const [values, gradient] = [await y.read(), await x.gradient!.read()];
      y.dispose();
      x.gradient!.dispose();
      x.gradient = null;
      assert.deepEqual(values, gradient);
      return values;
    };
    const first = await draw([1, 2]);
    const kept = first.filter((value) => value > 0);
    assert.ok(kept.every((value) => value === Math.fround(1 / Math.fround(1 - Math.fround(0.3)))));
    // Five standard deviations of a binomial distribution.
    const spread = 5 * Math.sqrt(0.3 * 0.7 / first.length);
    assert.ok(
      Math.abs(kept.length / first.length - 0.7) < spread,
      `${kept.length} of ${first.length}`,
    );
    assert.deepEqual(await draw([1, 2]), first);
    for (const key of [[1, 3], [2, 2]] as const) {
      const other = await draw(key);
      const both = other.filter((value, i) => value > 0 && first[i] > 0).length / first.length;
      assert.ok(Math.abs(both - 0.49) < 5 * Math.sqrt(0.49 * 0.51 / first.length), `${both}`);
    }
    x.dispose();
  },
);

const pools = [
  { shape: [2, 7, 9, 3], kernel: 3, stride: 2, padding: 1, height: 4, width: 5 },
  { shape: [1, 6, 8, 5], kernel: 2, stride: 2, padding: 0, height: 3, width: 4 },
  { shape: [1, 6, 7, 4], kernel: 3, stride: 2, padding: 0, ceilMode: true, height: 3, width: 3 },
  { shape: [1, 8, 8, 2], kernel: 3, stride: 2, padding: 1, ceilMode: true, height: 5, width: 5 },
  { shape: [1, 1, 1, 1], kernel: 3, stride: 1, padding: 1, height: 1, width: 1 },
  { shape: [1, 5, 5, 3], kernel: 3, stride: 1, padding: 1, height: 5, width: 5 },
];
for (const { shape, height, width, ...options } of pools) {
  const name = `[${shape}], ${JSON.stringify(options)}`;
  gpuTest(`max pool: ${name}`, (gpu) =>
    checkOperation(gpu, {
      inputs: [random(6, shape)],
      operation: (x) => maxPool(x, options),
      reference: (x) => reference.pool(x, { ...options, height, width, kind: "max" }),
    }));
  for (const countPadding of [true, false]) {
    gpuTest(`average pool: ${name}, countPadding ${countPadding}`, (gpu) =>
      checkOperation(gpu, {
        inputs: [random(6, shape)],
        operation: (x) => averagePool(x, { ...options, countPadding }),
        reference: (x) =>
          reference.pool(x, { ...options, height, width, kind: "average", countPadding }),
        terms: 9,
      }));
  }
}

gpuTest("max pool: the first of equal values takes the whole gradient", async (gpu) => {
  const x = Tensor.from(gpu, [1, 1, 1, 1], [1, 2, 2, 1]).asParameter();
  gpu.scope(() => backward(maxPool(x, { kernel: 2 })));
  assert.deepEqual([...await x.gradient!.read()], [1, 0, 0, 0]);
  x.dispose();
});

gpuTest("max pool: NaN wins", async (gpu) => {
  const x = Tensor.from(gpu, [1, NaN, 3, 2], [1, 2, 2, 1]);
  const y = maxPool(x, { kernel: 2 });
  assert.ok(Number.isNaN((await y.read())[0]));
  x.dispose();
  y.dispose();
});

for (const [from, to] of [[[3, 5], [7, 8]], [[7, 8], [3, 5]], [[1, 1], [4, 3]], [[4, 6], [4, 6]]]) {
  gpuTest(`bilinear resize from ${from} to ${to}`, (gpu) =>
    checkOperation(gpu, {
      inputs: [random(7, [2, from[0], from[1], 3])],
      operation: (x) => resizeBilinear(x, [to[0], to[1]]),
      reference: (x) => reference.resizeBilinear(x, to[0], to[1]),
      terms: 16,
    }));
}

gpuTest("concat: channels side by side, padding zero", (gpu) =>
  checkOperation(gpu, {
    inputs: [random(8, [2, 3, 1, 3]), random(9, [2, 3, 1, 6]), random(10, [2, 3, 1, 1])],
    operation: (...parts) => concat(parts),
    reference: (...parts) =>
      build([2, 3, 1, 10], (b, i, j, k) =>
        k < 3
          ? at(parts[0], b, i, j, k)
          : k < 9
          ? at(parts[1], b, i, j, k - 3)
          : at(parts[2], b, i, j, k - 9)),
  }));

gpuTest("shapes that do not fit are refused with both shapes", (gpu) => {
  gpu.scope(() => {
    const a = Tensor.zeros(gpu, [1, 2, 2, 3]);
    const b = Tensor.zeros(gpu, [1, 2, 3, 3]);
    assert.throws(() => elementwise.add(a, b), /\[1,2,2,3\] and \[1,2,3,3\]/);
    assert.throws(() => concat([a, b]), /\[1,2,2,3\] and \[1,2,3,3\]/);
    assert.throws(() => maxPool(a, { kernel: 3 }), /does not fit a 2×2 picture/);
    assert.throws(() => maxPool(a, { kernel: 2, padding: 2 }), /more than half/);
  });
});

gpuTest("a NaN is found whatever the adapter thinks of comparisons", async (gpu) => {
  const x = Tensor.from(gpu, [NaN, 1], [1, 2]);
  const y = elementwise.relu(x);
  assertClose([(await y.read())[1]], [1], 0, "the other element");
  x.dispose();
  y.dispose();
});
