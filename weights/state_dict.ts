import { UserError } from "../engine/errors.ts";
import { chooseDictionary, type Dictionary } from "./dictionaries.ts";
import { type PickleValue, UnbuiltObject } from "./pickle.ts";
import { listed, printable, shown } from "./shown.ts";
import { type TorchContents, TorchTensor } from "./torch_objects.ts";

/** The network's tensors in a PyTorch file, and the texts and numbers around them. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Key of the dictionary that was taken, where there is a choice. */
  readonly dictionary?: string;
  /** Sentences for the user: what was chosen and what was left out. */
  readonly notes: readonly string[];
}

/** Calls of PyTorch that would have made a tensor. */
const TENSOR_CALL = /^torch\.\S*(_rebuild_\w+|Tensor|Storage)$/;

/**
 * Finds the network's tensors in what `torch.save` wrote.
 *
 * @param wanted the dictionary that the user chose, see `chooseDictionary`
 * @throws {UserError} when there are none, or when one of them is something else
 */
export function stateDictOf(
  path: string,
  { value: object, unbuilt }: TorchContents,
  wanted?: string,
): StateDict {
  const { state, outer, name: dictionary, others } = chooseDictionary(path, object, wanted);
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
  const notes = [...aboutChoice(path, dictionary, others), ...aboutUnbuilt(path, unbuilt)];
  return { tensors, metadata: textsOf(outer), dictionary, notes };
}

/** True where an object that was not built sits in the place of a network's tensor. */
function isTensor(name: PickleValue, { name: maker }: UnbuiltObject): boolean {
  // Modules may add one object of any kind to their state, under this name.
  if (typeof name !== "string" || /(^|\.)_extra_state$/.test(name)) return false;
  return name.includes(".") || TENSOR_CALL.test(maker);
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

/** A sentence that names the dictionaries, when there are others. */
function aboutChoice(path: string, name: string | undefined, others: readonly string[]): string[] {
  if (others.length === 0) return [];
  const taken = name === undefined ? "those outside of any" : `those of ${printable(name, 60)}`;
  const left = listed(others);
  return [`${path}: the weights are ${taken}; it also has ${left} (--weights NAME chooses)`];
}

/** A sentence that names the objects beside the tensors, when not all was built. */
function aboutUnbuilt(path: string, unbuilt: ReadonlySet<string>): string[] {
  if (unbuilt.size === 0) return [];
  return [`${path}: objects beside the weights are left out, made by ${listed(unbuilt)}`];
}
