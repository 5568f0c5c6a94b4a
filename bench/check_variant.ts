import type { Gpu } from "../engine/gpu.ts";
import type { ConvolutionProblem } from "../engine/ops/convolution/problem.ts";
import { Random } from "../engine/random.ts";
import { product, Tensor } from "../engine/tensor.ts";
import type { Family, Variant } from "../engine/tuning.ts";
import {
  forwardReference,
  inputGradientReference,
  weightGradientReference,
} from "./convolution_reference.ts";

type Reference = (problem: ConvolutionProblem, operands: readonly Float64Array[]) => Float64Array;

const REFERENCES: Record<string, Reference> = {
  conv2d_forward: forwardReference,
  conv2d_input_gradient: inputGradientReference,
  conv2d_weight_gradient: weightGradientReference,
};

/** Random operands of a problem, from −1 to 1, the same every time; the last one is the result. */
export function sampleOperands<P>(gpu: Gpu, family: Family<P>, problem: P): Tensor[] {
  const random = Random.of(7);
  return family.shapes(problem).map((shape) => {
    const values = Float32Array.from({ length: product(shape) }, () => random.uniform(-1, 1));
    return Tensor.from(gpu, values, shape).keep();
  });
}

/** The number of a result that is furthest from what it should be. */
export interface WorstError {
  /**
   * The error as a share of what rounding allows, 8 · 2⁻²⁴ · √terms of the largest result: less than
   * 1 is right; Infinity where the number is none.
   */
  readonly share: number;
  /** Position in the result, and the result's shape. */
  readonly index: readonly number[];
  readonly shape: readonly number[];
  readonly got: number;
  readonly expected: number;
}

/** Compares a variant with the float64 reference on random operands. */
export async function checkVariant(
  gpu: Gpu,
  family: Family<ConvolutionProblem>,
  problem: ConvolutionProblem,
  variant: Variant<ConvolutionProblem>,
): Promise<WorstError> {
  const operands = sampleOperands(gpu, family, problem);
  const inputs: Float64Array[] = [];
  for (const tensor of operands.slice(0, -1)) inputs.push(Float64Array.from(await tensor.read()));
  const expected = REFERENCES[family.name](problem, inputs);
  variant.run(gpu, problem, operands);
  const result = operands.at(-1)!;
  const actual = await result.read();
  const { shape } = result;
  for (const tensor of operands) tensor.dispose();

  const terms = family.flops(problem) / 2 / expected.length;
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const allowed = 8 * 2 ** -24 * Math.sqrt(Math.max(1, terms)) * largest;
  let [worst, at] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]) / allowed;
    if (!(error <= worst)) [worst, at] = [Number.isNaN(error) ? Infinity : error, i];
    if (worst === Infinity) break;
  }
  const index = shape.map((extent, d) => Math.floor(at / product(shape.slice(d + 1))) % extent);
  return { share: worst, index, shape, got: actual[at], expected: expected[at] };
}
