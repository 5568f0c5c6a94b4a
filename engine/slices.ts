import type { Gpu } from "./gpu.ts";
import { Kernel, linear } from "./kernel.ts";
import { mebibytes, OutOfMemoryError } from "./memory.ts";
import { type Slice, Tensor } from "./tensor.ts";
import accumulateSource from "../shaders/accumulate.wgsl" with { type: "text" };

const accumulateKernel = new Kernel("accumulate", accumulateSource);

/**
 * How a batch has to be cut so that a slice of each tensor fits one binding of the adapter: one
 * slice where everything fits as it is.
 *
 * @param tensors all with the same first dimension, the batch
 * @param scratch bytes of working memory for each picture that have to fit a binding, too
 * @throws {OutOfMemoryError} when not even one picture fits
 */
export function slicesOf(gpu: Gpu, tensors: readonly Tensor[], scratch = 0): Slice[] {
  const [pictures] = tensors[0].shape;
  const limit = gpu.bindingLimit;
  const largest = Math.max(scratch, ...tensors.map((tensor) => tensor.bytes / pictures));
  if (largest * pictures <= limit) return [{ from: 0, count: pictures }];
  // A slice has to begin where the adapter lets a binding begin.
  const alignment = gpu.device.limits.minStorageBufferOffsetAlignment;
  const step = Math.max(
    ...tensors.map((tensor) => alignment / commonPowerOf2(tensor.bytes / pictures, alignment)),
  );
  const count = Math.floor(limit / largest / step) * step;
  if (count === 0) {
    throw new OutOfMemoryError(
      `${step === 1 ? "One picture needs" : `${step} pictures need`} ` +
        `${mebibytes(largest * step)} in one tensor, but a binding of this adapter holds at most ` +
        mebibytes(limit),
    );
  }
  const slices: Slice[] = [];
  for (let from = 0; from < pictures; from += count) {
    slices.push({ from, count: Math.min(count, pictures - from) });
  }
  return slices;
}

/**
 * Runs `body` once for tensors that fit one binding of the adapter, and otherwise for one slice of
 * the batch after the other.
 *
 * @param tensors all with the same first dimension, the batch
 * @param body is handed the tensors, or their slices in the same order
 * @param scratch bytes of working memory for each picture that have to fit a binding, too
 */
export function bySlices<T extends readonly Tensor[]>(
  gpu: Gpu,
  tensors: readonly [...T],
  body: (parts: readonly [...T], slice: Slice) => void,
  scratch = 0,
): void {
  const slices = slicesOf(gpu, tensors, scratch);
  if (slices.length === 1) return body(tensors, slices[0]);
  for (const slice of slices) {
    const parts = tensors.map((tensor) => tensor.slice(slice));
    body(parts as unknown as readonly [...T], slice);
    for (const part of parts) part.dispose();
  }
}

/**
 * The same for a result that is a sum over the batch: `body` writes the sum over its slice to the
 * tensor it is handed.
 *
 * @param out where the sum goes
 */
export function sumBySlices<T extends readonly Tensor[]>(
  gpu: Gpu,
  tensors: readonly [...T],
  out: Tensor,
  body: (parts: readonly [...T], out: Tensor, slice: Slice) => void,
): void {
  bySlices(gpu, tensors, (parts, slice) => {
    if (slice.from === 0) return body(parts, out, slice);
    const addend = Tensor.empty(gpu, out.shape);
    body(parts, addend, slice);
    addInto(out, addend);
    addend.dispose();
  });
}

/** `sum += addend`, in place. */
export function addInto(sum: Tensor, addend: Tensor): void {
  bySlices(sum.gpu, [addend, sum], ([addend, sum]) => {
    sum.gpu.run(accumulateKernel, {
      buffers: [addend.buffer, sum.buffer],
      parameters: { vectors: sum.vectors },
      workgroups: linear(sum.vectors),
    });
  });
}

/** The largest power of 2 that divides a number, at most `most`. */
function commonPowerOf2(number: number, most: number): number {
  return Math.min(number & -number, most);
}
