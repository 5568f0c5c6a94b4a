/**
 * Scores stretched to [0, 1]; those of a constant map, which says nothing of any pixel, become 0.
 *
 * @throws {RangeError} for a score that is NaN or infinite
 */
export function minMax(scores: Float64Array): Float64Array {
  let [low, high] = [Infinity, -Infinity];
  for (const score of scores) {
    if (!Number.isFinite(score)) throw new RangeError(`A score is ${score}, expected a number`);
    low = Math.min(low, score);
    high = Math.max(high, score);
  }
  return scores.map((score) => high > low ? (score - low) / (high - low) : 0);
}
