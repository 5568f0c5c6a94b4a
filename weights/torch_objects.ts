import { ELEMENT_BYTES, elements, type ElementType, type StoredTensor } from "./host_tensor.ts";
import { PickleError, PickleGlobal, type PickleValue, type PickleWorld } from "./pickle.ts";

/** A run of elements in a PyTorch file, which tensors are views of. */
export class TorchStorage {
  constructor(
    readonly type: ElementType,
    /** Number of elements. */
    readonly length: number,
    /** Reads elements `from` to `from + count`. */
    readonly read: (from: number, count: number) => Promise<Uint8Array<ArrayBuffer>>,
  ) {}
}

/** A view of a storage, as `torch._utils._rebuild_tensor_v2` describes it. */
export class TorchTensor implements StoredTensor {
  readonly type: ElementType;

  /** @throws {PickleError} when the view reaches beyond its storage */
  constructor(
    readonly storage: TorchStorage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {
    this.type = storage.type;
    const sound = shape.length === strides.length && shape.length <= 16 &&
      [offset, ...shape, ...strides].every((n) => Number.isSafeInteger(n) && n >= 0);
    const count = elements(shape);
    const last = shape.reduce((at, extent, d) => at + (extent - 1) * strides[d], offset);
    // Strides of 0 could make any number of elements out of one: as many as are stored will do.
    if (!sound || count > storage.length || (count > 0 && !(last < storage.length))) {
      throw new PickleError(
        `a tensor of shape [${shape}], strides [${strides}] and offset ${offset} does not fit its ` +
          `storage of ${storage.length} elements`,
      );
    }
  }

  /** The elements in row-major order. */
  readonly read = async (): Promise<Uint8Array<ArrayBuffer>> => {
    const { shape, strides, offset, storage } = this;
    const count = elements(shape);
    if (count === 0) return new Uint8Array();
    let dense = 1;
    const isDense = shape.map((_, i) => shape.length - 1 - i).every((d) => {
      const fits = shape[d] === 1 || strides[d] === dense;
      dense *= shape[d];
      return fits;
    });
    if (isDense) return await storage.read(offset, count);
    const span = shape.reduce((at, extent, d) => at + (extent - 1) * strides[d], 1);
    const source = await storage.read(offset, span);
    const width = ELEMENT_BYTES[this.type];
    const out = new Uint8Array(count * width);
    const index = shape.map(() => 0);
    let from = 0;
    for (let to = 0; to < out.length; to += width) {
      for (let b = 0; b < width; b++) out[to + b] = source[from * width + b];
      for (let d = shape.length - 1; d >= 0; d--) {
        from += strides[d];
        if (++index[d] < shape[d]) break;
        from -= strides[d] * shape[d];
        index[d] = 0;
      }
    }
    return out;
  };
}

const STORAGE_TYPES: Readonly<Record<string, ElementType>> = {
  Double: "F64",
  Float: "F32",
  Half: "F16",
  BFloat16: "BF16",
  Long: "I64",
  Int: "I32",
  Short: "I16",
  Char: "I8",
  Byte: "U8",
  Bool: "BOOL",
};

/**
 * The element type of a storage class such as `torch FloatStorage` or `torch.cuda HalfStorage`.
 *
 * @throws {PickleError} when it is none
 */
export function storageType(value: PickleValue): ElementType {
  const name = value instanceof PickleGlobal ? value.name : String(value);
  const [, type] = name.match(/^torch(?:\.cuda)? (\w+?)(?:Storage|Tensor)$/) ?? [];
  if (!Object.hasOwn(STORAGE_TYPES, type ?? "")) {
    throw new PickleError(`${name.slice(0, 100)} is not a type of storage that can be read`);
  }
  return STORAGE_TYPES[type];
}

/** The calls that rebuild tensors and plain containers. Everything else is refused by its name. */
export function torchWorld(persistent: PickleWorld["persistent"]): PickleWorld {
  return {
    persistent,
    call({ name }, args) {
      switch (name) {
        case "torch._utils _rebuild_tensor_v2":
        case "torch._utils _rebuild_tensor": {
          const [storage, offset, shape, strides] = args;
          if (!(storage instanceof TorchStorage)) {
            throw new PickleError(`${name} is called without a storage`);
          }
          return new TorchTensor(storage, offset as number, counts(shape), counts(strides));
        }
        case "torch._utils _rebuild_parameter":
        case "torch.nn.parameter Parameter":
          if (args[0] instanceof TorchTensor) return args[0];
          throw new PickleError(`${name} is called without a tensor`);
        case "torch Size":
          return counts(args[0]);
        case "torch device":
          return String(args[0]).slice(0, 100);
        case "collections OrderedDict": {
          if (args.length === 0) return new Map();
          if (args.length > 1 || !Array.isArray(args[0])) break;
          const pairs = args[0].filter((pair) => Array.isArray(pair) && pair.length === 2);
          if (pairs.length !== args[0].length) break;
          return new Map(pairs as [PickleValue, PickleValue][]);
        }
        case "collections defaultdict":
          return new Map();
        default:
          throw new PickleError(
            `it wants to call ${
              name.slice(0, 100).replace(" ", ".")
            }, and only tensors and plain ` +
              "containers are rebuilt",
          );
      }
      throw new PickleError(`${name.replace(" ", ".")} is called with odd arguments`);
    },
    build(object, state) {
      // state_dict() hangs its versions on the dictionary; they are not needed.
      if (object instanceof Map) return object;
      throw new PickleError(`it sets the state of ${describe(object)} to ${describe(state)}`);
    },
  };
}

/** A list of numbers of at least 0. */
function counts(value: PickleValue): number[] {
  if (Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && (n as number) >= 0)) {
    return value as number[];
  }
  throw new PickleError(`${describe(value)} is not a list of extents`);
}

function describe(value: PickleValue): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return `a ${value.constructor.name}`;
  return String(value).slice(0, 100);
}
