import { readText } from "../../data/files.ts";
import { UserError } from "../../engine/errors.ts";

/**
 * Groups of classes of a JSON file: a list of groups, which are then called `group 1`, `group 2`, …,
 * or an object of groups by name.
 *
 * @param classNames members of groups are among these, or indices into them
 * @returns class indices in ascending order
 * @throws {UserError} when the file is malformed, names no class, or has a class twice
 */
export async function readGroups(
  path: string,
  classNames: readonly string[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const groupOf = new Map<number, string>();
  const groups = new Map<string, readonly number[]>();
  for (const [name, members] of await readEntries(path)) {
    if (!Array.isArray(members)) {
      throw new UserError(
        `${path}: ${name} is ${JSON.stringify(members)}, expected a list of classes`,
      );
    }
    const labels = members.map((member) => labelOf(member, classNames, `${path}: ${name}`));
    for (const label of labels) {
      const other = groupOf.get(label);
      if (other !== undefined) {
        const both = other === name ? `twice in ${name}` : `in ${other} and in ${name}`;
        throw new UserError(
          `${path}: class ${label} ("${classNames[label]}") is ${both}, expected it once`,
        );
      }
      groupOf.set(label, name);
    }
    groups.set(name, labels.sort((a, b) => a - b));
  }
  return groups;
}

async function readEntries(path: string): Promise<readonly (readonly [string, unknown])[]> {
  const text = await readText(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (Array.isArray(value)) return value.map((members, i) => [`group ${i + 1}`, members]);
  if (typeof value === "object" && value !== null) return Object.entries(value);
  throw new UserError(
    `${path} holds ${JSON.stringify(value)}, expected a list of groups or an object of them`,
  );
}

function labelOf(member: unknown, classNames: readonly string[], place: string): number {
  const found = typeof member === "string" ? classNames.indexOf(member) : member;
  if (typeof found === "number" && Number.isInteger(found) && classNames[found] !== undefined) {
    return found;
  }
  throw new UserError(
    `${place} has ${JSON.stringify(member)}, expected the name of a class or an index from 0 to ` +
      `${classNames.length - 1}`,
  );
}
