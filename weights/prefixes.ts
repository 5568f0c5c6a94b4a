import { UserError } from "../engine/errors.ts";
import { printable } from "./shown.ts";

/** What programs put in front of a network's names: DataParallel, torch.compile, Lightning. */
const PREFIXES = ["module.", "_orig_mod.", "model."];

/** Tensors of an optimiser, which have names of their own. */
const OPTIMISER = /^optimizer\./;

/**
 * Takes `module.`, `_orig_mod.` and `model.` off, one after the other, as long as all tensors of
 * the network carry the same: where only some do, they belong to several networks.
 *
 * @param path named in messages
 * @throws {UserError} when a name is there twice afterwards
 */
export function withoutPrefixes<T>(
  path: string,
  tensors: ReadonlyMap<string, T>,
): ReadonlyMap<string, T> {
  const names = [...tensors.keys()].filter((name) => !OPTIMISER.test(name));
  if (names.length === 0) return tensors;
  let length = 0;
  const next = () =>
    PREFIXES.find((prefix) =>
      names.every((name) => name.startsWith(prefix, length) && name.length > length + prefix.length)
    );
  for (let prefix = next(); prefix; prefix = next()) length += prefix.length;
  if (length === 0) return tensors;
  const renamed = new Map<string, T>();
  for (const [name, tensor] of tensors) {
    const short = OPTIMISER.test(name) ? name : name.slice(length);
    if (renamed.has(short)) {
      throw new UserError(`${path} has the tensor ${printable(short)} twice`);
    }
    renamed.set(short, tensor);
  }
  return renamed;
}
