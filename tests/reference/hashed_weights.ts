import { product } from "../../engine/tensor.ts";
import type { HostTensor } from "../../weights/host_tensor.ts";

/**
 * Weights that are a function of their name, the same as `weight` in tests/goldens/make_backbones.py,
 * so that a golden file need not hold them.
 *
 * @param shape as in files: convolutions `[out, in, height, width]`
 */
export function hashedWeight(name: string, shape: readonly number[]): HostTensor {
  const data = hashed(name, product(shape));
  const affine = (scale: number, shift: number) => {
    for (let i = 0; i < data.length; i++) data[i] = data[i] * scale + shift;
  };
  if (shape.length === 4) affine(Math.sqrt(6 / product(shape.slice(1))), 0);
  else if (name.endsWith("running_var")) affine(0.5, 1);
  else if (name.endsWith("bn3.weight")) affine(0.1, 0.25);
  else if (name.endsWith(".weight")) affine(0.25, 1);
  else affine(0.125, 0);
  return { shape, data: Float32Array.from(data) };
}

/** Numbers in [−1, 1): a 32-bit hash of their index, begun with FNV-1a of the name. */
export function hashed(name: string, count: number): Float64Array {
  let seed = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) {
    seed = Math.imul(seed ^ byte, 0x01000193);
  }
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let x = (Math.imul(i, 0x9e3779b9) + seed) | 0;
    x ^= x >>> 16;
    x = Math.imul(x, 0x7feb352d);
    x ^= x >>> 15;
    x = Math.imul(x, 0x846ca68b);
    x ^= x >>> 16;
    out[i] = (x >>> 8) * 2 ** -23 - 1;
  }
  return out;
}
