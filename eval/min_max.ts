/** Scores stretched to [0, 1]; those of a constant map, which says nothing of any pixel, become 0. */
export function minMax(scores: Float64Array): Float64Array {
  let [low, high] = [Infinity, -Infinity];
  for (const score of scores) {
    low = Math.min(low, score);
    high = Math.max(high, score);
  }
  return scores.map((score) => high > low ? (score - low) / (high - low) : 0);
}
