import { UserError } from "../../engine/errors.ts";

/** Far more than rounding, and far less than what broken weights give. */
const ROUNDING = 1e-3;

/** What is said where a model's predictions are no probabilities. */
export function noDistribution(): UserError {
  return new UserError(
    "The model's p(y|x) of some picture is NaN or does not add up to 1: its weights are damaged " +
      "or have diverged, and nothing it says can be told",
  );
}

/**
 * Looks at p(y|x) of all classes, as it was read from the GPU: what is no distribution must not pass
 * for one. Softmax and sums of softmaxes only give something else when the numbers before were NaN or
 * infinite.
 *
 * @returns the same
 * @throws {UserError} when a value is no probability, or they do not add up to 1
 */
export function expectDistribution(probabilities: Float32Array): Float32Array {
  let sum = 0;
  for (const p of probabilities) {
    if (!(p >= 0 && p <= 1 + ROUNDING)) throw noDistribution();
    sum += p;
  }
  if (Math.abs(sum - 1) > ROUNDING) throw noDistribution();
  return probabilities;
}
