import { basename } from "node:path";
import { checkVariant, sampleOperands, type WorstError } from "../../bench/check_variant.ts";
import { timeVariant } from "../../bench/layers.ts";
import { timeOnGpu } from "../../bench/measure.ts";
import { comparePaired } from "../../bench/paired.ts";
import { registerPeak } from "../../bench/register_peak.ts";
import { median, spread } from "../../bench/statistics.ts";
import { watchdog } from "../../bench/watchdog.ts";
import { UserError } from "../../engine/errors.ts";
import { reasonOf } from "../../engine/reason.ts";
import {
  type ConvolutionProblem,
  convolutionProblem,
  describe,
} from "../../engine/ops/convolution/problem.ts";
import { forwardProduct, inputGradient } from "../../engine/ops/convolution/product.ts";
import { weightGradient } from "../../engine/ops/convolution/weight_gradient.ts";
import { chosen, type Family, type Variant } from "../../engine/tuning.ts";
import type { ParsedOptions } from "../options.ts";
import { type BenchContext, speed } from "./context.ts";
import { tellResult } from "../progress.ts";

const FAMILIES = [forwardProduct, inputGradient, weightGradient];

/** Work that can be timed by itself. */
export const KERNELS = FAMILIES.map(({ name }) => name);

/** When two shaders have been compared for long enough. */
const PATIENCE = { narrow: 0.01, least: 12, most: 400, seconds: 20 };

const DEFAULT_SHAPE = "1x28x28x128,3x3x128";

/** All variants of one product of a convolution, or a shader of the user's against ours. */
export async function benchKernel(
  name: string,
  problem: ConvolutionProblem,
  context: BenchContext,
) {
  const { gpu, options, repetitions } = context;
  const family = FAMILIES.find((each) => each.name === name)!;
  const peak = await registerPeak(gpu);
  tellResult(
    `${name} ${describe(problem)}, register peak ${(peak / 1e9).toFixed(0)} GFLOP/s`,
  );
  const file = options.text("shader");
  if (file !== undefined) {
    return await compareShader(family, problem, { ...context, file, peak });
  }
  const results = [];
  for (const variant of family.variants) {
    const error = await checkVariant(gpu, family, problem, variant);
    refuseWrong(variant.name, error);
    const times = await timeVariant(gpu, { family, problem }, variant, repetitions);
    const row = result(variant.name, family.flops(problem), times, peak);
    const preferred = variant === chosen(gpu, family, problem);
    tellResult(`${describeRow(row)}${preferred ? ", in use" : ""}`);
    results.push({ ...row, error_share: error.share, in_use: preferred });
  }
  return { peak_gflops: peak / 1e9, shape: describe(problem), results };
}

/** Checks the user's shader against the float64 reference, then times it against the shipped one. */
async function compareShader(
  family: Family<ConvolutionProblem>,
  problem: ConvolutionProblem,
  { gpu, progress, options, repetitions, file, peak }: BenchContext & {
    readonly file: string;
    readonly peak: number;
  },
) {
  let source: string;
  try {
    source = await Deno.readTextFile(file);
  } catch (error) {
    throw new UserError(`The shader ${file} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  const wanted = options.text("replaces") ?? basename(file).replace(/\.wgsl$/, "");
  const { variant, replaced } = placeOf(family, wanted, chosen(gpu, family, problem), {
    strict: options.has("replaces"),
  });
  const swap = (on: boolean) => gpu.replaceShader(replaced, on ? { source, label: file } : null);

  swap(true);
  const limit = options.quantity("time-limit");
  const guard = await watchdog(
    limit,
    `calm: ${file} did not come to an end within ${limit} s: does it loop without end?`,
  );
  const error = await checkVariant(gpu, family, problem, variant);
  tellResult(
    `${file} in place of ${replaced} (variant ${variant.name}): ` +
      `error ${error.share.toFixed(2)} of what rounding allows`,
  );
  refuseWrong(file, error);

  const operands = sampleOperands(gpu, family, problem);
  const timed = (yours: boolean) => async () => {
    swap(yours);
    guard.feed();
    return (await timeOnGpu(gpu, 1, () => variant.run(gpu, problem, operands)))[0];
  };
  const patience = { ...PATIENCE, least: Math.max(PATIENCE.least, repetitions) };
  const { ratio, interval, times } = await comparePaired(
    [timed(false), timed(true)],
    patience,
    (share) => progress.update("timing", share, ""),
  );
  guard.close();
  swap(false);
  for (const tensor of operands) tensor.dispose();

  const flops = family.flops(problem);
  const [shipped, yours] = [
    result(`${replaced} (shipped)`, flops, times[0], peak),
    result(file, flops, times[1], peak),
  ];
  for (const row of [shipped, yours]) tellResult(describeRow(row));
  const [low, high] = interval;
  const same = low <= 1 && high >= 1;
  const within = `${low.toFixed(3)} to ${high.toFixed(3)} with 99 % certainty`;
  tellResult(
    (same
      ? `no difference: yours is ${ratio.toFixed(3)}× as fast as the shipped shader, ${within}`
      : `yours is ${ratio.toFixed(3)}× as fast as the shipped shader, ${within}`) +
      `, ${times[0].length} rounds`,
  );
  return {
    peak_gflops: peak / 1e9,
    shape: describe(problem),
    replaced,
    variant: variant.name,
    error_share: error.share,
    ratio,
    interval,
    no_difference: same,
    rounds: times[0].length,
    results: [shipped, yours],
  };
}

/** The variant and the shader that a file stands in for. */
function placeOf(
  family: Family<ConvolutionProblem>,
  wanted: string,
  inUse: Variant<ConvolutionProblem>,
  { strict }: { readonly strict: boolean },
) {
  const variants = [inUse, ...family.variants];
  const variant = variants.find(({ kernels }) => kernels.some(({ name }) => name === wanted));
  if (variant) return { variant, replaced: wanted };
  if (!strict) return { variant: inUse, replaced: inUse.kernels[0].name };
  const names = new Set(family.variants.flatMap(({ kernels }) => kernels.map(({ name }) => name)));
  throw new UserError(
    `--replaces is "${wanted}", expected one of the shaders of ${family.name}: ` +
      [...names].join(", "),
  );
}

function result(name: string, flops: number, times: readonly number[], peak: number) {
  const ms = median(times);
  const gflops = flops / ms / 1e6;
  return {
    name,
    ours_ms: ms,
    gflops,
    peak_share: 1e9 * gflops / peak,
    peer: null,
    peer_ms: null,
    ratio: null,
    spread: spread(times),
  };
}

function describeRow(row: ReturnType<typeof result>): string {
  return `${row.name.padEnd(26)} ${speed(row, { spread: row.spread, digits: 2 })}`;
}

function refuseWrong(name: string, { share, index, shape, got, expected }: WorstError): void {
  if (share < 1) return;
  throw new UserError(
    `${name} gives wrong results: [${index}] of the result [${shape}] is ${got}, expected ` +
      `${expected}, which is ${share.toPrecision(3)} times what rounding allows`,
  );
}

/**
 * The convolution of `--shape`, e.g. `1x28x28x128,3x3x128`: input `n×h×w×c` and kernel
 * `height×width×outputs`, half padded.
 */
export function kernelProblem(options: ParsedOptions): ConvolutionProblem {
  const text = options.text("shape") ?? DEFAULT_SHAPE;
  const stride = options.quantity("conv-stride");
  const match = text.match(/^(\d+)x(\d+)x(\d+)x(\d+),(\d+)x(\d+)x(\d+)$/);
  const numbers = match?.slice(1).map(Number);
  if (!numbers || !numbers.every((extent) => extent > 0)) {
    throw new UserError(
      `--shape is "${text}", expected input and kernel like ${DEFAULT_SHAPE}: ` +
        "pictures x height x width x channels, kernel height x kernel width x outputs",
    );
  }
  const [n, h, w, c, kernelHeight, kernelWidth, outputs] = numbers;
  const [padTop, padLeft] = [kernelHeight >> 1, kernelWidth >> 1];
  return convolutionProblem({
    n,
    h,
    w,
    c,
    kernelHeight,
    kernelWidth,
    outputs,
    stride,
    padTop,
    padLeft,
  });
}
