import { UserError } from "../engine/errors.ts";

/** Float32's rounding over thousands of cells stays far below; what is off by more is no rounding. */
const TOLERANCE = 1e-3;

/**
 * Expects that numbers read from the GPU are probabilities of classes: each from 0 to 1, together 1.
 *
 * @param p p(y|x) of one picture
 * @returns the same numbers
 * @throws {UserError} saying what is wrong; from sound weights and pictures they always are
 */
export function expectDistribution<P extends Float32Array>(p: P): P {
  const bad = p.findIndex((value) => !(value >= 0 && value <= 1 + TOLERANCE));
  if (bad >= 0) throw new UserError(told(`p(y|x) = ${shown(p[bad])} for class ${bad}`));
  const total = p.reduce((sum, value) => sum + value, 0);
  if (!(Math.abs(total - 1) <= TOLERANCE)) {
    throw new UserError(told(`probabilities p(y|x) that add up to ${shown(total)} instead of 1`));
  }
  return p;
}

function told(found: string): string {
  return `The model gives ${found}, which is no probability: its weights are damaged, too large, or ` +
    "those of a training that diverged";
}

function shown(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
}
