import { UserError } from "../engine/errors.ts";
import { type PickleValue, UnbuiltObject } from "./pickle.ts";
import { printable, shown } from "./shown.ts";
import { TorchTensor } from "./torch_objects.ts";

/** A dictionary of a PyTorch file. */
type Dictionary = ReadonlyMap<PickleValue, PickleValue>;

/** The network's tensors in a PyTorch file, and the texts and numbers around them. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Where training programs put the network's tensors beside the optimiser's. */
const STATE_KEYS = ["state_dict", "model_state_dict", "model", "net"];

/** Calls of PyTorch that would have made a tensor. */
const TENSOR_CALL = /^torch\.\S*(_rebuild_\w+|Tensor|Storage)$/;

/**
 * Finds the network's tensors in what `torch.save` wrote.
 *
 * @throws {UserError} when there are none, or when one of them is something else
 */
export function stateDictOf(path: string, object: PickleValue): StateDict {
  const [state, outer] = findState(path, object);
  const tensors = new Map<string, TorchTensor>();
  for (const [name, value] of state) {
    if (value instanceof TorchTensor) {
      if (typeof name === "string") tensors.set(name, value);
      else throw new UserError(`${path}: the name of a tensor is ${shown(name)}, expected a text`);
    } else if (value instanceof UnbuiltObject && isTensor(name, value)) {
      const what = `${shown(name)} is made by ${value.name}`;
      throw new UserError(`${path}: ${what}, which is not run here; expected a plain tensor`);
    }
  }
  return { tensors, metadata: textsOf(outer) };
}

/** True where an object that was not built sits in the place of a network's tensor. */
function isTensor(name: PickleValue, { name: maker }: UnbuiltObject): boolean {
  // Modules may add one object of any kind to their state, under this name.
  if (typeof name !== "string" || /(^|\.)_extra_state$/.test(name)) return false;
  return name.includes(".") || TENSOR_CALL.test(maker);
}

/** True for a dictionary that has tensors by name. */
function hasTensors(value: PickleValue | undefined): value is Dictionary {
  if (!(value instanceof Map)) return false;
  for (const [name, entry] of value) {
    if (typeof name === "string" && entry instanceof TorchTensor) return true;
  }
  return false;
}

/** The dictionary of tensors, and what stands around it. */
function findState(path: string, object: PickleValue): [state: Dictionary, outer: Dictionary] {
  const nothing: Dictionary = new Map();
  if (object instanceof Map) {
    for (const key of STATE_KEYS) {
      const inner = object.get(key);
      if (hasTensors(inner)) return [inner, object];
    }
    if (hasTensors(object)) return [object, nothing];
  }
  throw new UserError(
    `${path} holds no tensors by name: a state dict is expected, or a dictionary that has one as ` +
      `${STATE_KEYS.join(", ")}; it is ${whatItIs(object)}`,
  );
}

/** What a file holds instead: whole models are often saved, and would have to be run. */
function whatItIs(object: PickleValue, depth = 0): string {
  if (object instanceof UnbuiltObject) {
    return `an object made by ${object.name}, which is not run here: save its state_dict() instead`;
  }
  if (!(object instanceof Map) || depth > 1) return shown(object);
  const key = STATE_KEYS.find((key) => object.has(key)) ??
    object.keys().find((key) => object.get(key) instanceof UnbuiltObject);
  const what = shown(object);
  if (key === undefined) return what;
  return `${what}, whose ${shown(key)} is ${whatItIs(object.get(key)!, depth + 1)}`;
}

/** The texts and numbers of a dictionary: `epoch`, `arch` and the like. */
function textsOf(dictionary: Dictionary): Record<string, string> {
  const texts: [string, string][] = [];
  for (const [key, value] of dictionary) {
    if (typeof key !== "string") continue;
    if (typeof value === "string") texts.push([printable(key), value]);
    else if (typeof value === "number") texts.push([printable(key), String(value)]);
  }
  return Object.fromEntries(texts);
}

/** A sentence that names the objects beside the tensors; none when all is built. */
export function aboutUnbuilt(path: string, unbuilt: ReadonlySet<string>): string[] {
  const names = [...unbuilt];
  if (names.length === 0) return [];
  const listed = names.slice(0, 8).join(", ") + (names.length > 8 ? ", …" : "");
  return [`${path}: objects beside the weights are left out, made by ${listed}`];
}
