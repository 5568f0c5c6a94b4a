import { UserError } from "../engine/errors.ts";
import { type PickleValue, UnbuiltObject } from "./pickle.ts";
import { listed, shown } from "./shown.ts";
import { TorchTensor } from "./torch_objects.ts";

/** A dictionary of a PyTorch file. */
export type Dictionary = ReadonlyMap<PickleValue, PickleValue>;

/** The dictionary of tensors that is taken from a file. */
export interface Choice {
  readonly state: Dictionary;
  /** What stands around it: empty when the file is nothing but the dictionary. */
  readonly outer: Dictionary;
  /** Its key, where there is a choice. */
  readonly name?: string;
  /** Keys of the other dictionaries of tensors. */
  readonly others: readonly string[];
}

/** Where training programs put the plain weights, beside averages of them say. */
const PLAIN_KEYS = [
  "state_dict",
  "model_state_dict",
  "model_state",
  "model",
  "net",
  "network",
  "params",
];

/** Keys of what is no network though it may have tensors. */
const NO_NETWORK = /optim|sched|scaler|^amp$|rng|random|callback/i;

/**
 * Chooses among the dictionaries of tensors in what `torch.save` wrote.
 *
 * @param wanted the key of one, or a part that only one has; undefined: the plain weights
 * @throws {UserError} when there is none, or when it is not clear which
 */
export function chooseDictionary(path: string, object: PickleValue, wanted?: string): Choice {
  const nothing: Dictionary = new Map();
  const inner = object instanceof Map ? dictionariesIn(object) : new Map<string, Dictionary>();
  const keys = [...inner.keys()];
  const outer = object instanceof Map ? object : nothing;
  const take = (key: string): Choice => ({
    state: inner.get(key)!,
    outer,
    name: keys.length > 1 ? key : undefined,
    others: keys.filter((other) => other !== key),
  });
  if (wanted !== undefined) return take(keyOf(path, wanted, keys));
  const plain = PLAIN_KEYS.find((key) => inner.has(key));
  if (plain !== undefined) return take(plain);
  if (hasTensors(object) && (keys.length === 0 || isNetwork(object))) {
    return { state: object, outer: nothing, others: keys };
  }
  if (keys.length === 1) return take(keys[0]);
  if (keys.length > 1) {
    throw new UserError(
      `${path} holds several dictionaries of tensors, none of which is plainly the model's: add ` +
        `--weights with one of ${listed(keys)}`,
    );
  }
  throw new UserError(
    `${path} holds no tensors by name: a state dict is expected, or a dictionary that has one as ` +
      `state_dict or model; it is ${whatItIs(object)}`,
  );
}

/** The key that a user means. */
function keyOf(path: string, wanted: string, keys: readonly string[]): string {
  if (keys.includes(wanted)) return wanted;
  const found = keys.filter((key) => key.includes(wanted));
  if (found.length === 1) return found[0];
  const there = keys.length === 0
    ? "no dictionaries to choose from"
    : `${found.length > 1 ? "several such" : "none such"}: ${listed(keys)}`;
  throw new UserError(`--weights is ${shown(wanted)}, but ${path} has ${there}`);
}

/** The dictionaries of tensors one level below. */
function dictionariesIn(object: Dictionary): Map<string, Dictionary> {
  const found = new Map<string, Dictionary>();
  for (const [key, value] of object) {
    if (typeof key === "string" && !NO_NETWORK.test(key) && hasTensors(value)) {
      found.set(key, value);
    }
  }
  return found;
}

/** True for a dictionary that has tensors by name. */
function hasTensors(value: PickleValue): value is Dictionary {
  return tensorNames(value).next().done === false;
}

/** True when tensors have names as those of a network of several modules: `conv1.weight`. */
function isNetwork(value: Dictionary): boolean {
  return tensorNames(value).some((name) => name.includes("."));
}

function* tensorNames(value: PickleValue): Generator<string> {
  if (!(value instanceof Map)) return;
  for (const [name, entry] of value) {
    if (typeof name === "string" && entry instanceof TorchTensor) yield name;
  }
}

/** What a file holds instead: whole models are often saved, and would have to be run. */
function whatItIs(object: PickleValue, depth = 0): string {
  if (object instanceof UnbuiltObject) {
    return `an object made by ${object.name}, which is not run here: save its state_dict() instead`;
  }
  if (!(object instanceof Map) || depth > 1) return shown(object);
  const key = PLAIN_KEYS.find((key) => object.has(key)) ??
    object.keys().find((key) => object.get(key) instanceof UnbuiltObject);
  const what = shown(object);
  if (key === undefined) return what;
  return `${what}, whose ${shown(key)} is ${whatItIs(object.get(key)!, depth + 1)}`;
}
