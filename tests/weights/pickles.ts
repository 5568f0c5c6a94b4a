import { zipChunks } from "../../weights/zip.ts";

const text = (value: string) => new TextEncoder().encode(value);

/** Instructions: numbers, lists of them, and texts as they are. */
export type Part = number | string | readonly number[];

/** The bytes of instructions. */
export function bytes(...parts: readonly Part[]): number[] {
  return parts.flatMap((part) => typeof part === "string" ? [...text(part)] : part);
}

/** A pickle of instructions. */
export function pickle(...parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([0x80, 2, ...bytes(...parts), 0x2e]);
}

/** A zip as PyTorch writes it around a pickle, with storages by key. */
export async function archive(
  data: Uint8Array<ArrayBuffer>,
  storages: Readonly<Record<string, Uint8Array<ArrayBuffer>>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const files = Object.entries(storages).map(([key, bytes]) => [`data/${key}`, bytes] as const);
  const entries = [["data.pkl", data] as const, ...files].map(([name, bytes]) =>
    [`archive/${name}`, () => Promise.resolve(bytes)] as const
  );
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of zipChunks("f", entries)) chunks.push(chunk);
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** The same with one storage of four zeros. */
export function zipped(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return archive(data, { 0: new Uint8Array(16) });
}

export const global = (module: string, name: string) => `c${module}\n${name}\n`;

/** A text of up to 255 letters. */
export const short = (value: string) => [0x58, value.length, 0, 0, 0, ...text(value)];

/** Instructions for a storage: its number of elements is what `length` pushes. */
export const storage = (length: readonly number[], key: readonly number[] = short("0")) => [
  ...[0x28, ...short("storage")],
  ...text(global("torch", "FloatStorage")),
  ...[...key, ...short("cpu"), ...length, 0x74, 0x51],
];

export const FOUR = [0x4b, 4];

/** torch._utils._rebuild_tensor_v2(…) */
export const tensorCall = (...args: readonly Part[]) =>
  bytes(global("torch._utils", "_rebuild_tensor_v2"), 0x28, ...args, 0x74, 0x52);

/** {"w": torch._utils._rebuild_tensor_v2(…)} */
export const tensor = (...args: readonly Part[]) =>
  pickle(0x7d, short("w"), tensorCall(...args), 0x73);

export const call = (module: string, name: string, argument: string) =>
  pickle(global(module, name), short(argument), 0x85, 0x52);

/** A tuple that holds one twice that holds one twice …: its text would have 2^levels letters. */
export const laughs = (levels = 60) =>
  bytes(0x4e, 0x85, ...Array(levels).fill([0x71, 0, 0x68, 0, 0x86]));

/** A float32 tensor in a file that `torchFile` makes. */
export class Saving {
  constructor(readonly shape: readonly number[], readonly data: Float32Array<ArrayBuffer>) {}
}

/** A vector for `torchFile`. */
export const vector = (...numbers: number[]) =>
  new Saving([numbers.length], Float32Array.from(numbers));

/** What `torchFile` writes: texts, numbers, tensors, and dictionaries of these. */
export type Saved = string | number | Saving | { readonly [key: string]: Saved };

const whole = (value: number) => [0x4a, ...new Uint8Array(Int32Array.of(value).buffer)];
const list = (values: readonly number[]) => [0x28, ...values.flatMap(whole), 0x74];

/** The zip that `torch.save` writes of a value. */
export function torchFile(value: Saved): Promise<Uint8Array<ArrayBuffer>> {
  const storages: Record<string, Uint8Array<ArrayBuffer>> = {};
  const instructions = (value: Saved): number[] => {
    if (typeof value === "string") return short(value);
    if (typeof value === "number") return whole(value);
    if (value instanceof Saving) {
      const { shape, data } = value;
      const key = String(Object.keys(storages).length);
      storages[key] = new Uint8Array(data.buffer);
      const strides = shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1));
      return tensorCall(
        storage(whole(data.length), short(key)),
        [0x4b, 0],
        list(shape),
        list(strides),
      );
    }
    const items = Object.entries(value).flatMap(([key, item]) => [
      ...short(key),
      ...instructions(item),
    ]);
    return [0x7d, 0x28, ...items, 0x75];
  };
  return archive(pickle(instructions(value)), storages);
}
