import { record } from "../autograd.ts";
import { Kernel, linear } from "../kernel.ts";
import { bySlices, sumBySlices } from "../slices.ts";
import { product, Tensor } from "../tensor.ts";
import reduceRowsSource from "../../shaders/reduce_rows.wgsl" with { type: "text" };
import broadcastRowsSource from "../../shaders/broadcast_rows.wgsl" with { type: "text" };
import sumChannelsSource from "../../shaders/sum_channels.wgsl" with { type: "text" };

const reduceRowsKernel = new Kernel("reduce_rows", reduceRowsSource);
const broadcastRowsKernel = new Kernel("broadcast_rows", broadcastRowsSource);
const sumChannelsKernel = new Kernel("sum_channels", sumChannelsSource, { SPREAD: 0 });
const spreadChannelsKernel = new Kernel("sum_channels", sumChannelsSource, { SPREAD: 1 });

/** Rows one invocation adds up; more are split into stripes whose sums are added next. */
const STRIPE = 128;

/** Sum over height and width: `[n, h, w, c]` → `[n, c]`. */
export function sumSpatial(x: Tensor): Tensor {
  return reduceSpatial(x, 1, "sumSpatial");
}

/** Mean over height and width (global average pooling): `[n, h, w, c]` → `[n, c]`. */
export function meanSpatial(x: Tensor): Tensor {
  return reduceSpatial(x, 1 / (x.shape[1] * x.shape[2]), "meanSpatial");
}

/** Sum over the last dimension: `[…, c]` → `[…, 1]`. */
export function sumChannels(x: Tensor): Tensor {
  const sum = Tensor.empty(x.gpu, [...x.shape.slice(0, -1), 1]);
  runChannels(sumChannelsKernel, x, sum);
  return record(sum, "sumChannels", [x], (gradient) => [spreadChannels(gradient, x)]);
}

/** Sum of all elements, as a tensor of shape `[1]`. */
export function sum(x: Tensor): Tensor {
  return sumAll(x, 1, "sum");
}

/** Mean of all elements, as a tensor of shape `[1]`. */
export function mean(x: Tensor): Tensor {
  return sumAll(x, 1 / x.size, "mean");
}

/**
 * Sums `rows` rows for each of `outer` blocks: `[outer, rows, c]` → `outShape`, which has `outer`
 * rows. Not differentiable by itself; the building block of the reductions.
 *
 * @param options `into`: a tensor to write the result to instead of a new one
 */
export function reduceRows(
  x: Tensor,
  { outer, outShape, into, scale = 1 }: {
    outer: number;
    outShape: readonly number[];
    into?: Tensor;
    scale?: number;
  },
): Tensor {
  const { gpu } = x;
  const out = into ?? Tensor.empty(gpu, outShape);
  if (outer === 1) {
    sumBySlices(gpu, [x], out, ([x], out) => reduceWhole(x, out, 1, scale));
  } else bySlices(gpu, [x, out], ([x, out], { count }) => reduceWhole(x, out, count, scale));
  return out;
}

function reduceWhole(x: Tensor, out: Tensor, outer: number, scale: number): void {
  const pitch = x.pitch / 4;
  let rows = x.rows / outer;
  let from = x;
  while (true) {
    const stripes = Math.ceil(rows / STRIPE);
    const last = stripes === 1;
    const to = last ? out : Tensor.empty(x.gpu, [outer, stripes, x.channels]);
    x.gpu.run(reduceRowsKernel, {
      buffers: [from.buffer, to.buffer],
      parameters: {
        ...{ outer, rows, pitch, stripes },
        length: Math.ceil(rows / stripes),
        scale: last ? scale : 1,
      },
      workgroups: linear(outer * stripes * pitch),
    });
    if (from !== x) from.dispose();
    if (last) return;
    from = to;
    rows = stripes;
  }
}

function reduceSpatial(x: Tensor, scale: number, operation: string): Tensor {
  if (x.shape.length !== 4) {
    throw new RangeError(`${operation} takes [n, h, w, c], not [${x.shape}]`);
  }
  const [batch, height, width, channels] = x.shape;
  const out = reduceRows(x, { outer: batch, outShape: [batch, channels], scale });
  return record(out, operation, [x], (gradient) => {
    const back = Tensor.empty(x.gpu, x.shape);
    broadcastRows(gradient, back, { outer: batch, rows: height * width, scale });
    return [back];
  });
}

function sumAll(x: Tensor, scale: number, operation: string): Tensor {
  const columns = reduceRows(x, { outer: 1, outShape: [1, x.channels], scale });
  const total = Tensor.empty(x.gpu, [1]);
  runChannels(sumChannelsKernel, columns, total);
  columns.dispose();
  return record(total, operation, [x], (gradient) => {
    const row = Tensor.empty(x.gpu, [1, x.channels]);
    runChannels(spreadChannelsKernel, gradient, row);
    const back = Tensor.empty(x.gpu, x.shape);
    broadcastRows(row, back, { outer: 1, rows: product(x.shape.slice(0, -1)), scale });
    row.dispose();
    return [back];
  });
}

function spreadChannels(gradient: Tensor, like: Tensor): Tensor {
  const out = Tensor.empty(like.gpu, like.shape);
  runChannels(spreadChannelsKernel, gradient, out);
  return out;
}

function runChannels(kernel: Kernel, from: Tensor, to: Tensor): void {
  const spreads = kernel === spreadChannelsKernel;
  bySlices(from.gpu, [from, to], ([from, to]) => {
    const { rows, channels, pitch, vectors } = spreads ? to : from;
    from.gpu.run(kernel, {
      buffers: [from.buffer, to.buffer],
      parameters: { rows, channels, pitch: pitch / 4 },
      workgroups: linear(spreads ? vectors : rows),
    });
  });
}

/** Writes each of the `outer` rows of `from` to `rows` rows of `to`. */
function broadcastRows(
  from: Tensor,
  to: Tensor,
  { outer, rows, scale }: { outer: number; rows: number; scale: number },
): void {
  const { gpu } = from;
  const run = (from: Tensor, to: Tensor, outer: number, rows: number) =>
    gpu.run(broadcastRowsKernel, {
      buffers: [from.buffer, to.buffer],
      parameters: { outer, rows, pitch: to.pitch / 4, scale },
      workgroups: linear(to.vectors),
    });
  if (outer === 1) bySlices(gpu, [to], ([to]) => run(from, to, 1, to.rows));
  else bySlices(gpu, [from, to], ([from, to], { count }) => run(from, to, count, rows));
}
