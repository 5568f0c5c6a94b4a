import { elements, type ElementType, type StoredTensor } from "./host_tensor.ts";
import { ownRecord } from "./own_record.ts";
import { zipChunks } from "./zip.ts";

const STORAGES: Record<ElementType, string> = {
  F64: "DoubleStorage",
  F32: "FloatStorage",
  F16: "HalfStorage",
  BF16: "BFloat16Storage",
  I64: "LongStorage",
  I32: "IntStorage",
  I16: "ShortStorage",
  I8: "CharStorage",
  U8: "ByteStorage",
  BOOL: "BoolStorage",
};

/**
 * A state dict as PyTorch's zip, piece by piece: `torch.load(…, weights_only=True)` reads it.
 *
 * @param path named in messages
 * @param metadata kept in a record of the zip that PyTorch does not ask for
 */
export function torchChunks(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata?: Readonly<Record<string, string>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const pickle = new PickleWriter();
  pickle.orderedDict();
  pickle.mark();
  [...tensors].forEach(([name, { type, shape }], key) => {
    pickle.text(name);
    pickle.global("torch._utils", "_rebuild_tensor_v2");
    pickle.mark();
    pickle.mark();
    pickle.text("storage");
    pickle.global("torch", STORAGES[type]);
    pickle.text(String(key));
    pickle.text("cpu");
    pickle.integer(elements(shape));
    pickle.tuple();
    pickle.persistent();
    pickle.integer(0);
    pickle.integers(shape);
    pickle.integers(shape.map((_, d) => elements(shape.slice(d + 1))));
    pickle.no();
    pickle.orderedDict();
    pickle.tuple();
    pickle.call();
  });
  pickle.setItems();
  const text = (value: string) => () =>
    Promise.resolve(new TextEncoder().encode(value) as Uint8Array<ArrayBuffer>);
  const pickled = pickle.end();
  const [record, contents] = ownRecord(metadata ?? {});
  return zipChunks(path, [
    ["archive/data.pkl", () => Promise.resolve(pickled)],
    ["archive/byteorder", text("little")],
    ...[...tensors.values()].map(({ read }, key) => [`archive/data/${key}`, read] as const),
    ["archive/version", text("3\n")],
    ...(metadata ? [[record, text(contents)] as const] : []),
  ]);
}

/** The few instructions of protocol 2 that a state dict needs. */
class PickleWriter {
  #bytes: number[] = [0x80, 2];

  mark(): void {
    this.#bytes.push(0x28);
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.#bytes.push(0x58, ...u32(bytes.length), ...bytes);
  }

  integer(value: number): void {
    if (value < 2 ** 31) this.#bytes.push(0x4a, ...u32(value));
    else {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
      this.#bytes.push(0x8a, 8, ...bytes);
    }
  }

  integers(values: readonly number[]): void {
    this.mark();
    for (const value of values) this.integer(value);
    this.tuple();
  }

  global(module: string, name: string): void {
    this.#bytes.push(0x63, ...new TextEncoder().encode(`${module}\n${name}\n`));
  }

  orderedDict(): void {
    this.global("collections", "OrderedDict");
    this.#bytes.push(0x29, 0x52);
  }

  tuple(): void {
    this.#bytes.push(0x74);
  }

  no(): void {
    this.#bytes.push(0x89);
  }

  persistent(): void {
    this.#bytes.push(0x51);
  }

  call(): void {
    this.#bytes.push(0x52);
  }

  setItems(): void {
    this.#bytes.push(0x75);
  }

  end(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from([...this.#bytes, 0x2e]);
  }
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
