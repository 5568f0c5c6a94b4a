import { record } from "../autograd.ts";
import { Kernel, linear } from "../kernel.ts";
import { bySlices } from "../slices.ts";
import { Tensor } from "../tensor.ts";
import productsSource from "../../shaders/row_products.wgsl" with { type: "text" };
import scaleSource from "../../shaders/scale_rows.wgsl" with { type: "text" };

const scaleKernel = new Kernel("scale_rows", scaleSource);
const productsKernel = new Kernel("row_products", productsSource);

/**
 * Every row times a number of its own: features of a location times its weight, say.
 *
 * @param x `[…, c]`
 * @param s `[…, 1]`
 */
export function scaleRows(x: Tensor, s: Tensor): Tensor {
  if (s.shape.join() !== [...x.shape.slice(0, -1), 1].join()) {
    throw new RangeError(`Rows of [${x.shape}] have one factor each, not [${s.shape}]`);
  }
  return record(scale(x, s), "scaleRows", [x, s], (gradient) => [
    x.tracked ? scale(gradient, s) : null,
    s.tracked ? products(gradient, x, s) : null,
  ]);
}

function scale(x: Tensor, s: Tensor): Tensor {
  const out = Tensor.empty(x.gpu, x.shape);
  bySlices(x.gpu, [x, s, out], ([x, s, out]) =>
    x.gpu.run(scaleKernel, {
      buffers: [x.buffer, s.buffer, out.buffer],
      parameters: { vectors: x.vectors, pitch: x.pitch / 4 },
      workgroups: linear(x.vectors),
    }));
  return out;
}

function products(a: Tensor, b: Tensor, { gpu, shape }: Tensor): Tensor {
  const out = Tensor.empty(gpu, shape);
  bySlices(gpu, [a, b, out], ([a, b, out]) =>
    gpu.run(productsKernel, {
      buffers: [a.buffer, b.buffer, out.buffer],
      parameters: { rows: a.rows, pitch: a.pitch / 4 },
      workgroups: linear(a.rows),
    }));
  return out;
}
