/** The words of a generator's state, as stored in checkpoints. */
export type RandomState = readonly [number, number, number, number];

/**
 * Seeded generator of pseudo-random numbers: xoshiro128** (Blackman and Vigna, 2018), its state
 * filled by a hash of the seed.
 *
 * Integer arithmetic only, so a seed gives the same numbers on every machine. Give each purpose
 * its own stream (`Random.of(seed, epoch, index)`): what one consumer draws then never shifts
 * what another one sees, and no state needs to be stored to resume in the middle of an epoch.
 *
 * @example
 * ```ts
 * const random = Random.of(1, 2);
 * random.uniform(); // in [0, 1)
 * ```
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  private constructor(state: RandomState) {
    [this.#a, this.#b, this.#c, this.#d] = state;
  }

  /** The generator of a seed and any number of stream indices (integers, taken modulo 2³²). */
  static of(seed: number, ...stream: number[]): Random {
    let hash = mix(seed >>> 0);
    // A seed over 2³² keeps its upper half, too.
    hash = mix(hash ^ Math.floor(seed / 2 ** 32));
    for (const index of stream) hash = mix((hash + 0x9e3779b9) ^ mix(index >>> 0));
    const word = (k: number) => mix(hash + Math.imul(k, 0x9e3779b9));
    return new Random([word(1), word(2), word(3), word(4) | 1]);
  }

  /** A generator that goes on where `state()` was taken. */
  static from(state: RandomState): Random {
    return new Random(state);
  }

  /** The current state: four unsigned 32-bit words. */
  state(): RandomState {
    return [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#d >>> 0];
  }

  /** The next 32 random bits as an unsigned integer. */
  bits(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = rotate(this.#d, 11);
    return result;
  }

  /** A number in [low, high), with 32 random bits. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.bits() / 2 ** 32);
  }

  /** An integer in [0, n). */
  int(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)];
  }

  /** A draw from the normal distribution (Box–Muller transform). */
  normal(mean = 0, deviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A draw from the gamma distribution of scale 1 (Marsaglia and Tsang, 2000). */
  gamma(shape: number): number {
    // Below 1 by way of the next larger shape.
    if (shape < 1) return this.gamma(shape + 1) * (1 - this.uniform()) ** (1 / shape);
    const d = shape - 1 / 3;
    for (;;) {
      const x = this.normal();
      const v = (1 + x / Math.sqrt(9 * d)) ** 3;
      if (v > 0 && Math.log(1 - this.uniform()) < x * x / 2 + d * (1 - v + Math.log(v))) {
        return d * v;
      }
    }
  }

  /** A draw from the beta distribution. */
  beta(a: number, b: number): number {
    const [x, y] = [this.gamma(a), this.gamma(b)];
    // Both vanish where a and b are tiny: then one of the ends it is.
    return x + y > 0 ? x / (x + y) : Number(this.chance(a / (a + b)));
  }

  /** The integers 0 … n−1 in random order (Fisher–Yates shuffle). */
  permutation(n: number): Uint32Array<ArrayBuffer> {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}

function rotate(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}

/** Finaliser of MurmurHash3: every input bit flips about half of the output bits. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
