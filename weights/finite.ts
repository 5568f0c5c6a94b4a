import { UserError } from "../engine/errors.ts";
import { type HostTensor, readFloat32, type StoredTensor } from "./host_tensor.ts";

/** A tensor's numbers. */
interface Values {
  readonly data: Float32Array<ArrayBuffer> | Float64Array;
}

/** Float32's bits of the exponent: all set in NaN and the infinities, and nowhere else. */
const EXPONENT = 0x7f800000;

/**
 * What makes a tensor unfit to be computed with: values that are NaN or infinite, or negative ones
 * in a `running_var`, of which a batch norm takes the root. One such number spreads to every output.
 *
 * @returns a sentence without its subject, which is the tensor; null where all is well
 */
export function flawOf(name: string, { data }: Values): string | null {
  const unfit = data instanceof Float32Array ? countUnfit(data) : countUnfitDoubles(data);
  if (unfit > 0) return `has ${unfit} of ${data.length} values that are NaN or infinite`;
  if (!/(^|\.)running_var$/.test(name)) return null;
  let negative = 0;
  for (const value of data) if (value < 0) negative++;
  return negative > 0
    ? `has ${negative} of ${data.length} values below 0, a variance has none`
    : null;
}

function countUnfit(data: Float32Array<ArrayBuffer>): number {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  let unfit = 0;
  for (let i = 0; i < bits.length; i++) if ((bits[i] & EXPONENT) === EXPONENT) unfit++;
  return unfit;
}

function countUnfitDoubles(data: Float64Array): number {
  return data.reduce((count, value) => Number.isFinite(value) ? count : count + 1, 0);
}

/**
 * Refuses a tensor with `flawOf`.
 *
 * @param subject begins the message: the file, or what does not happen to it
 * @throws {UserError}
 */
export function expectFinite(subject: string, name: string, tensor: Values): void {
  const flaw = flawOf(name, tensor);
  if (flaw !== null) throw new UserError(`${subject}: ${name} ${flaw}`);
}

/**
 * Reads a tensor that is to be computed with. Values beyond float32's range count as infinite.
 *
 * @param path named in messages
 * @throws {UserError} when it has a flaw, or the file is damaged
 */
export async function readWeights(
  path: string,
  name: string,
  stored: StoredTensor,
): Promise<HostTensor> {
  const tensor = await readFloat32(stored);
  expectFinite(path, name, tensor);
  return tensor;
}
