/**
 * Spearman's rank correlation; equal values share the mean of their ranks.
 *
 * @returns from −1 to 1; NaN where one of the lists is constant
 */
export function rankCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [x, y] = [ranks(a), ranks(b)];
  const mean = (x.length - 1) / 2;
  let [both, ofX, ofY] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    both += (x[i] - mean) * (y[i] - mean);
    ofX += (x[i] - mean) ** 2;
    ofY += (y[i] - mean) ** 2;
  }
  return both / Math.sqrt(ofX * ofY);
}

function ranks(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i)
    .sort((i, j) => values[i] - values[j]);
  const out = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let end = from + 1;
    while (end < order.length && values[order[end]] === values[order[from]]) end++;
    for (let i = from; i < end; i++) out[order[i]] = (from + end - 1) / 2;
    from = end;
  }
  return out;
}
