import { product, type Tensor } from "../engine/tensor.ts";
import type { HostTensor } from "./host_tensor.ts";

/**
 * Files hold PyTorch's layout: convolution weights `[out, in, height, width]`; the engine's are
 * `[height, width, in, out]`. Vectors are the same in both. Only positions change, never values,
 * so a round trip is exact.
 */
export async function toFile(tensor: Tensor): Promise<HostTensor> {
  const data = await tensor.read();
  if (tensor.shape.length !== 4) return { shape: [...tensor.shape], data };
  const [height, width, inputs, outputs] = tensor.shape;
  return {
    shape: [outputs, inputs, height, width],
    data: swap(data, height * width, inputs, outputs),
  };
}

/** The numbers of a file's tensor in the engine's order; the inverse of `toFile`. */
export function fromFile({ shape, data }: HostTensor): HostTensor {
  if (shape.length !== 4) return { shape, data };
  const [outputs, inputs, height, width] = shape;
  const out = new Float32Array(product(shape));
  const area = height * width;
  for (let o = 0; o < outputs; o++) {
    for (let c = 0; c < inputs; c++) {
      for (let tap = 0; tap < area; tap++) {
        out[(tap * inputs + c) * outputs + o] = data[(o * inputs + c) * area + tap];
      }
    }
  }
  return { shape: [height, width, inputs, outputs], data: out };
}

/** A tensor's shape as files have it. */
export function shapeInFile(shape: readonly number[]): readonly number[] {
  return shape.length === 4 ? [shape[3], shape[2], shape[0], shape[1]] : shape;
}

function swap(data: Float32Array, area: number, inputs: number, outputs: number) {
  const out = new Float32Array(data.length);
  for (let tap = 0; tap < area; tap++) {
    for (let c = 0; c < inputs; c++) {
      for (let o = 0; o < outputs; o++) {
        out[(o * inputs + c) * area + tap] = data[(tap * inputs + c) * outputs + o];
      }
    }
  }
  return out;
}
