import assert from "node:assert/strict";
import { backward } from "../../engine/autograd.ts";
import type { Gpu } from "../../engine/gpu.ts";
import { Tensor } from "../../engine/tensor.ts";
import { type Array64, random } from "./array.ts";

/** One operation to compare with its float64 reference. */
export interface Case {
  readonly inputs: readonly Array64[];
  readonly operation: (...inputs: Tensor[]) => Tensor;
  readonly reference: (...inputs: Array64[]) => Array64;
  /** Terms in the longest sum; rounding errors grow with its square root. Default 1. */
  readonly terms?: number;
  /** Inputs whose gradient is compared; default: all. None: only the forward pass is. */
  readonly differentiable?: readonly number[];
  /** Factor on the tolerance for functions with WGSL's own error bounds (exp, log). Default 1. */
  readonly looseness?: number;
  /** Step of the central differences. Default 1e-4. */
  readonly step?: number;
}

/**
 * Compares value and gradients of an operation with a float64 reference: the gradients of
 * Σ G · output for a random G with central differences of the reference. The tolerance is
 * 8 · 2⁻²⁴ · √terms, relative to the largest value compared (at least 1).
 */
export async function checkOperation(gpu: Gpu, testCase: Case): Promise<void> {
  const { inputs, operation, reference, terms = 1, looseness = 1, step = 1e-4 } = testCase;
  const differentiable = testCase.differentiable ?? inputs.map((_, i) => i);
  const expected = reference(...inputs);
  const upstream = random(99, expected.shape);
  const tolerance = looseness * 8 * 2 ** -24 * Math.sqrt(terms);

  const parameters = inputs.map(({ data, shape }) => Tensor.from(gpu, data, shape).keep());
  for (const i of differentiable) parameters[i].asParameter();
  const output = gpu.scope(() => {
    const result = operation(...parameters).keep();
    if (differentiable.length > 0) {
      backward(result, Tensor.from(gpu, upstream.data, upstream.shape));
    }
    return result;
  });
  assert.deepEqual(output.shape, expected.shape, "shape of the output");
  assertClose(await output.read(), expected.data, tolerance, "output");
  await assertPaddingIsZero(output, "output");

  for (const i of differentiable) {
    const gradient = parameters[i].gradient;
    assert.ok(gradient, `input ${i} has no gradient`);
    assert.deepEqual(gradient.shape, inputs[i].shape, `shape of the gradient of input ${i}`);
    const numeric = centralDifferences(reference, inputs, i, upstream, step);
    assertClose(await gradient.read(), numeric, 2 * tolerance + 1e-6, `gradient of input ${i}`);
    await assertPaddingIsZero(gradient, `gradient of input ${i}`);
  }
  output.dispose();
  for (const parameter of parameters) parameter.dispose();
}

/** Fails when any |actual − expected| exceeds tolerance · max(1, largest |expected|), or is NaN. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  const scale = Math.max(1, largest(expected));
  assertWithin(actual, expected, tolerance * scale, what);
}

/** Fails when any |actual − expected| exceeds tolerance · largest |expected|, or is NaN. */
export function assertRelative(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  assertWithin(actual, expected, tolerance * largest(expected), what);
}

function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
  return most;
}

function assertWithin(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  allowed: number,
  what: string,
): void {
  assert.equal(actual.length, expected.length, `${what}: number of elements`);
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    if (!(error <= allowed)) {
      assert.fail(
        `${what}: element ${i} is ${actual[i]}, expected ${expected[i]} ` +
          `(error ${error.toExponential(2)}, allowed ${allowed.toExponential(2)})`,
      );
    }
  }
}

/** The padding of the last dimension has to stay zero: every kernel relies on it. */
async function assertPaddingIsZero(tensor: Tensor, what: string): Promise<void> {
  const { channels, pitch, rows, gpu } = tensor;
  const padded = new Float32Array(await gpu.read(tensor.buffer, 4 * rows * pitch));
  for (let i = 0; i < padded.length; i++) {
    // −0 is as good.
    if (i % pitch >= channels) assert.ok(padded[i] === 0, `${what}: padding at ${i}`);
  }
}

function centralDifferences(
  reference: Case["reference"],
  inputs: readonly Array64[],
  which: number,
  upstream: Array64,
  step: number,
): Float64Array {
  const { shape, data } = inputs[which];
  const along = (i: number, delta: number) => {
    const moved = { shape, data: data.slice() };
    moved.data[i] += delta;
    const out = reference(...inputs.map((input, k) => k === which ? moved : input));
    return out.data.reduce((total, value, k) => total + value * upstream.data[k], 0);
  };
  return data.map((_, i) => (along(i, step) - along(i, -step)) / (2 * step));
}
