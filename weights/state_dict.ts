import { UserError } from "../engine/errors.ts";
import type { StoredTensor } from "./host_tensor.ts";
import type { PickleValue } from "./pickle.ts";
import { printable } from "./shown.ts";
import { TorchTensor } from "./torch_objects.ts";

type Dictionary = ReadonlyMap<PickleValue, PickleValue>;

/** Where training programs put the network's tensors; averages of them have names of their own. */
const PLAIN = ["state_dict", "model_state_dict", "model", "net"];

/** A dictionary of tensors that was found in a file. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Texts and numbers beside it. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Which one it is, where the file has several. */
  readonly note: string | null;
}

/**
 * Finds the network's tensors in what a PyTorch file holds: a state dict, or a dictionary of them.
 *
 * @param options `wanted`: key of the dictionary to take, or a part that only one has, default the
 * plain weights; `unbuilt`: names of objects that were left out, for messages
 * @throws {UserError} when there is none, or it is not clear which one is meant
 */
export function findStateDict(
  path: string,
  object: PickleValue,
  { wanted, unbuilt }: { readonly wanted?: string; readonly unbuilt: readonly string[] },
): StateDict {
  if (!(object instanceof Map)) throw none(path, unbuilt);
  const dictionaries = new Map<string, Dictionary>();
  for (const [key, value] of object) {
    if (typeof key === "string" && hasTensors(value)) dictionaries.set(key, value);
  }
  const names = [...dictionaries.keys()];
  if (wanted === undefined && hasTensors(object)) {
    // Dictionaries beside a network's own tensors are nobody's habit.
    if (names.length > 0) throw unclear(path, names);
    return { tensors: named(path, object), metadata: {}, note: null };
  }
  if (names.length === 0) throw none(path, unbuilt);
  const taken = wanted === undefined ? plainest(path, names) : chosen(path, names, wanted);
  const others = names.filter((name) => name !== taken).map((name) => printable(name, 50));
  const metadata: Record<string, string> = {};
  for (const [key, value] of object) {
    if (typeof key === "string" && (typeof value === "string" || typeof value === "number")) {
      metadata[key] = String(value);
    }
  }
  return {
    tensors: named(path, dictionaries.get(taken)!),
    metadata,
    note: others.length > 0
      ? `${path}: the weights called ${
        printable(taken, 50)
      } were taken; --weights chooses others ` +
        `(${others.join(", ")})`
      : null,
  };
}

/**
 * Takes off what wrappers put before every name: DataParallel's `module.`, `torch.compile`'s
 * `_orig_mod.`, Lightning's `model.`, in any order.
 *
 * @throws {UserError} when two tensors then have one name
 */
export function withoutPrefixes(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
): ReadonlyMap<string, StoredTensor> {
  const names = [...tensors.keys()];
  let length = 0;
  for (let found: string | undefined = ""; found !== undefined; length += found?.length ?? 0) {
    const start: number = length;
    found = ["module.", "_orig_mod.", "model."].find((prefix) =>
      names.length > 0 && names.every((name) => name.startsWith(prefix, start))
    );
  }
  const short = new Map([...tensors].map(([name, tensor]) => [name.slice(length), tensor]));
  if (short.size < tensors.size) throw new UserError(`${path} has a tensor twice`);
  return short;
}

function hasTensors(value: unknown): value is Dictionary {
  return value instanceof Map && value.values().some((entry) => entry instanceof TorchTensor);
}

function named(path: string, dictionary: Dictionary): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of dictionary) {
    if (!(value instanceof TorchTensor)) continue;
    if (typeof name !== "string") throw new UserError(`${path} has a tensor without a name`);
    tensors.set(name, value);
  }
  return tensors;
}

function plainest(path: string, names: readonly string[]): string {
  const plain = PLAIN.find((name) => names.includes(name)) ??
    (names.length === 1 ? names[0] : undefined);
  if (plain === undefined) throw unclear(path, names);
  return plain;
}

function chosen(path: string, names: readonly string[], wanted: string): string {
  const found = names.includes(wanted) ? [wanted] : names.filter((name) => name.includes(wanted));
  if (found.length === 1) return found[0];
  throw new UserError(
    `--weights is "${wanted}", expected one of those in ${path}: ` +
      names.map((name) => printable(name, 50)).join(", "),
  );
}

function unclear(path: string, names: readonly string[]): UserError {
  return new UserError(
    `${path} holds several sets of weights: choose with --weights from ` +
      names.map((name) => printable(name, 50)).join(", "),
  );
}

function none(path: string, unbuilt: readonly string[]): UserError {
  const left = unbuilt.length > 0 ? `; what it calls was not run: ${unbuilt.join(", ")}` : "";
  return new UserError(
    `${path} holds no tensors by name: a state dict is expected, or a dictionary that has one as ` +
      `${PLAIN.join(", ")}${left}`,
  );
}
