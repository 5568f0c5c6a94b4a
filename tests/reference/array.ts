import { Random } from "../../engine/random.ts";

/** A dense float64 array: what the references compute with. */
export interface Array64 {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** An array from numbers in row-major order. */
export function array(shape: readonly number[], data: ArrayLike<number>): Array64 {
  return { shape, data: Float64Array.from(data) };
}

/** An array filled by a function of the multi-index. */
export function build(shape: readonly number[], value: (...index: number[]) => number): Array64 {
  const data = new Float64Array(shape.reduce((a, b) => a * b, 1));
  const index = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = value(...index);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) {
      index[axis] = 0;
    }
  }
  return { shape, data };
}

/** Element at a multi-index; 0 outside. */
export function at({ shape, data }: Array64, ...index: number[]): number {
  let offset = 0;
  for (const [axis, i] of index.entries()) {
    if (i < 0 || i >= shape[axis]) return 0;
    offset = offset * shape[axis] + i;
  }
  return data[offset];
}

/** Normal draws that float32 holds exactly, so that both sides start from the same numbers. */
export function random(seed: number, shape: readonly number[], scale = 1): Array64 {
  const generator = Random.of(seed);
  return build(shape, () => Math.fround(scale * generator.normal()));
}
