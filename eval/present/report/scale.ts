/** An axis: where its values are, and the round ones among them. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
  /** A tick as text, all with the same decimals. */
  label(tick: number): string;
  /** Pixels of a value, to a tenth. */
  at(value: number): number;
}

/**
 * A linear axis from pixel `first` to pixel `last`, with ticks at 1, 2 or 5 times a power of ten.
 *
 * @param count about how many ticks there shall be
 * @param exact true to end at the range, not at the next ticks
 * @param whole true for ticks at whole numbers only
 */
export function linearScale(
  [low, high]: readonly [number, number],
  [first, last]: readonly [number, number],
  { count = 5, exact = false, whole = false }: {
    readonly count?: number;
    readonly exact?: boolean;
    readonly whole?: boolean;
  } = {},
): Scale {
  // One value only has no extent: it lies in the middle.
  const [bottom, top] = high > low ? [low, high] : [low - 0.5, low + 0.5];
  const step = Math.max(whole ? 1 : 0, niceStep((top - bottom) / count));
  // Rounding errors must not add a tick, so indices are rounded before.
  const index = (value: number) => Number((value / step).toFixed(6));
  const start = exact ? Math.ceil(index(bottom)) : Math.floor(index(bottom));
  const end = exact ? Math.floor(index(top)) : Math.ceil(index(top));
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks = Array.from(
    { length: end - start + 1 },
    (_, i) => Number(((start + i) * step).toFixed(decimals)),
  );
  const [from, to] = exact ? [bottom, top] : [ticks[0], ticks.at(-1)!];
  return {
    from,
    to,
    ticks,
    label: (tick) => tick.toFixed(decimals).replace("-", "−"),
    at: (value) => Number((first + (value - from) / (to - from) * (last - first)).toFixed(1)),
  };
}

/** The smallest of 1, 2, 5, 10, … times a power of ten that is not much less than `step`. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const digit = [1, 2, 5, 10].find((digit) => digit * power >= 0.75 * step)!;
  return digit * power;
}
