import { ELEMENT_BYTES, elements, type ElementType, type StoredTensor } from "./host_tensor.ts";
import {
  PickleError,
  PickleGlobal,
  type PickleValue,
  type PickleWorld,
  UnbuiltObject,
} from "./pickle.ts";
import { printable, shown } from "./shown.ts";

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
  readonly offset: number;
  /** Bytes of the file that are read for it. */
  readonly bytesRead: number;

  /** @throws {PickleError} when the view reaches beyond its storage */
  constructor(
    readonly storage: TorchStorage,
    offset: PickleValue,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {
    this.type = storage.type;
    this.offset = typeof offset === "number" ? offset : NaN;
    const sound = shape.length === strides.length && shape.length <= 16 && isCount(this.offset);
    const count = elements(shape);
    const last = shape.reduce((at, extent, d) => at + (extent - 1) * strides[d], this.offset);
    // Strides of 0 could make any number of elements out of one: as many as are stored will do.
    if (!sound || !(count <= storage.length) || (count > 0 && !(last < storage.length))) {
      throw new PickleError(
        `a tensor of shape [${shape}], strides [${strides}] and offset ${shown(offset)} does not ` +
          `fit its storage of ${storage.length} elements`,
      );
    }
    this.bytesRead = count === 0 ? 0 : (last - this.offset + 1) * ELEMENT_BYTES[this.type];
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
 * The element type of a storage class such as `torch FloatStorage` or `torch.cuda HalfStorage`;
 * null for a type that is not known here, complex numbers say.
 *
 * @throws {PickleError} when it is no such class
 */
export function storageType(value: PickleValue): ElementType | null {
  const name = value instanceof PickleGlobal ? value.name : "";
  const [, type] = name.match(/^torch(?:\.cuda|\.storage)? (\w{1,40}?)(?:Storage|Tensor)$/) ?? [];
  if (type === undefined) {
    throw new PickleError(
      `${name ? dotted(name) : shown(value)} is not a type of storage that can be read`,
    );
  }
  return Object.hasOwn(STORAGE_TYPES, type) ? STORAGE_TYPES[type] : null;
}

/** Modules that run programs, load code or change files: no checkpoint has a use for them. */
const HARMFUL_MODULES =
  /^(os|posix|nt|subprocess|pty|commands|shutil|socket|runpy|importlib|imp|ctypes|webbrowser|code|pdb|timeit)(\.|$)/;
const HARMFUL_BUILTINS = /^(builtins|__builtin__) (eval|exec|execfile|compile|open|__import__)$/;

/** What Python and NumPy build plain values with: nobody asks what became of these. */
const PLAIN =
  /^(torch device|_codecs encode|numpy dtype|(builtins|__builtin__) (set|frozenset|bytearray|complex|range|slice))$/;

/** Functions that build an object of the class that is their first argument. */
const BUILDERS =
  /^(copy_?reg (_reconstructor|__newobj__|__newobj_ex__)|(builtins|__builtin__) getattr)$/;

/** `module name` as Python writes it. */
export function dotted(name: string): string {
  return printable(name.replace(" ", "."), 100);
}

/** What a file's pickles hold. */
export interface TorchContents {
  readonly value: PickleValue;
  /** Names of classes and functions whose objects were left out. */
  readonly unbuilt: ReadonlySet<string>;
}

/** Largest pickle that is read, in bytes; that of ResNet50 with its optimiser has 0.1 MB. */
export const MOST_PICKLE = 2 ** 26;

/** Most names that are kept for messages. */
const MOST_NAMES = 100;

/**
 * The calls that rebuild tensors and plain containers. Of any other call only the name is kept
 * (`UnbuiltObject`): objects beside the tensors do not matter, and where a tensor should be, one
 * is missing. A call that no checkpoint has a use for is refused, for the file is an attack.
 */
export function torchWorld(
  persistent: PickleWorld["persistent"],
): PickleWorld & Pick<TorchContents, "unbuilt"> {
  const unbuilt = new Set<string>();
  const leaveOut = (name: string) => {
    if (unbuilt.size < MOST_NAMES && !PLAIN.test(name)) unbuilt.add(dotted(name));
    return new UnbuiltObject(dotted(name));
  };
  const call: PickleWorld["call"] = ({ name }, args, spend) => {
    switch (name) {
      case "torch._utils _rebuild_tensor_v2":
      case "torch._utils _rebuild_tensor": {
        const [storage, offset, shape, strides, , , flags] = args;
        if (storage instanceof UnbuiltObject) return storage;
        if (flags instanceof Map && flags.get("neg")) {
          throw new PickleError("a tensor is the negative of what is stored: save its clone()");
        }
        if (!(storage instanceof TorchStorage)) {
          throw new PickleError(`${dotted(name)} is called without a storage`);
        }
        return new TorchTensor(storage, offset, counts(shape), counts(strides));
      }
      case "torch._utils _rebuild_parameter":
      case "torch._utils _rebuild_parameter_with_state":
      case "torch.nn.parameter Parameter":
        if (args[0] instanceof TorchTensor || args[0] instanceof UnbuiltObject) return args[0];
        throw new PickleError(`${dotted(name)} is called without a tensor`);
      case "torch._tensor _rebuild_from_type_v2": {
        const [rebuild, , inner] = args;
        // Of a subclass of Tensor: what its plain tensor is rebuilt with. Not itself again, for
        // that could be nested without end.
        if (!(rebuild instanceof PickleGlobal) || !Array.isArray(inner)) break;
        return /^torch\._utils _rebuild_(tensor|parameter)/.test(rebuild.name)
          ? call(rebuild, inner, spend)
          : leaveOut(rebuild.name);
      }
      case "torch Size":
        return counts(args[0]);
      case "collections OrderedDict": {
        const [pairs = []] = args;
        if (args.length > 1 || !Array.isArray(pairs)) break;
        spend(pairs.length);
        if (!pairs.every((pair) => Array.isArray(pair) && pair.length === 2)) break;
        return new Map(pairs as [PickleValue, PickleValue][]);
      }
      case "collections defaultdict":
        return new Map();
      default: {
        if (HARMFUL_MODULES.test(name.split(" ")[0]) || HARMFUL_BUILTINS.test(name)) {
          throw new PickleError(
            `it wants to call ${dotted(name)}, for which a checkpoint has no use: it may be an ` +
              "attack on whoever opens it",
          );
        }
        const [made] = args;
        return leaveOut(BUILDERS.test(name) && made instanceof PickleGlobal ? made.name : name);
      }
    }
    throw new PickleError(`${dotted(name)} is called with odd arguments`);
  };
  return {
    persistent,
    unbuilt,
    call,
    build(object, state) {
      // state_dict() hangs its versions on the dictionary, and parameters may have attributes:
      // neither is needed.
      if (object instanceof Map || object instanceof TorchTensor) return object;
      throw new PickleError(`it sets the state of ${shown(object)} to ${shown(state)}`);
    },
  };
}

/** Extents or strides: numbers of at least 0. */
function counts(value: PickleValue): number[] {
  if (Array.isArray(value) && value.length <= 64 && value.every(isCount)) return value as number[];
  throw new PickleError(`${shown(value)} is not a list of extents`);
}

/** True for a whole number of at least 0. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
