import type { Gpu } from "./gpu.ts";
import type { Kernel } from "./kernel.ts";
import type { Tensor } from "./tensor.ts";

/** One way to do a piece of work. All variants of a family give the same result, to rounding. */
export interface Variant<Problem> {
  /** Short name, as tables show it. */
  readonly name: string;
  /** The shaders it runs, the one that does most of the work first. */
  readonly kernels: readonly Kernel[];
  /** Records the work. The last operand is the result; an optional one may be null. */
  run(gpu: Gpu, problem: Problem, operands: readonly (Tensor | null)[]): void;
}

/** Work for which there are several variants, e.g. the forward pass of a convolution. */
export interface Family<Problem> {
  /** Name in tables and in the tuning file. */
  readonly name: string;
  /** What may be chosen from. */
  readonly variants: readonly Variant<Problem>[];
  /** The variant to take where nothing was measured. */
  preferred(gpu: Gpu): string;
  /** The problem's extents as text, e.g. `1x28x28x128,3x3x128`. */
  describe(problem: Problem): string;
  /** The same for problems so alike that they share a choice: what a choice is stored under. */
  shapeClass(problem: Problem): string;
  /** Floating-point operations, a multiply-add counting as two. */
  flops(problem: Problem): number;
  /** Shapes of the operands, so that a problem can be timed on its own. */
  shapes(problem: Problem): readonly (readonly number[])[];
}

/** A problem together with its family. */
export interface Work<Problem = unknown> {
  /** What kind of work. */
  readonly family: Family<Problem>;
  /** Its extents. */
  readonly problem: Problem;
}

/** Measured choices: family, shape class and the text of its shaders → name of a variant. */
export type Choices = ReadonlyMap<string, string>;

const listeners = new WeakMap<Gpu, (work: Work) => void>();

/** Has a listener told of every piece of work on a GPU that has variants; null: of none. */
export function watchWork(gpu: Gpu, listener: ((work: Work) => void) | null): void {
  if (listener) listeners.set(gpu, listener);
  else listeners.delete(gpu);
}

/** Key of a choice. It changes with the text of any shader of the family. */
export function choiceKey<P>(family: Family<P>, problem: P): string {
  return `${family.name} ${family.shapeClass(problem)} ${fingerprint(family)}`;
}

/**
 * Does a piece of work with the variant that was measured to be the fastest for its shape on this
 * adapter, or with the family's preferred one.
 */
export function perform<P>(
  gpu: Gpu,
  family: Family<P>,
  problem: P,
  operands: readonly (Tensor | null)[],
): void {
  listeners.get(gpu)?.({ family, problem } as Work);
  const variant = chosen(gpu, family, problem);
  gpu.section(
    () => ({
      family: family.name,
      shape: family.describe(problem),
      variant: variant.name,
      flops: family.flops(problem),
    }),
    () => variant.run(gpu, problem, operands),
  );
}

/** The variant that `perform` would take. */
export function chosen<P>(gpu: Gpu, family: Family<P>, problem: P): Variant<P> {
  // Without choices the key need not be spelled out: this is on the path of every step.
  const measured = gpu.choices.size > 0 ? gpu.choices.get(choiceKey(family, problem)) : undefined;
  const named = (name: string) => family.variants.find((variant) => variant.name === name);
  return (measured === undefined ? undefined : named(measured)) ?? named(family.preferred(gpu))!;
}

const fingerprints = new WeakMap<Family<never>, string>();

/** FNV-1a of the text of all shaders of a family. */
function fingerprint<P>(family: Family<P>): string {
  const known = fingerprints.get(family);
  if (known) return known;
  let hash = 0x811c9dc5;
  for (const { kernels } of family.variants) {
    for (const { key, source } of kernels) {
      for (const unit of key + source) {
        hash = Math.imul(hash ^ unit.charCodeAt(0), 0x01000193) >>> 0;
      }
    }
  }
  const text = hash.toString(16).padStart(8, "0");
  fingerprints.set(family, text);
  return text;
}
