import { didYouMean } from "../engine/did_you_mean.ts";

/** A name as it is printed: without CUB's number in front, underscores as spaces. */
function printed(name: string): string {
  return name.replace(/^\d+\./, "").replace(/[_\s]+/g, " ").trim();
}

/** The same as names are compared, in small letters. */
function plain(name: string): string {
  return printed(name).normalize("NFC").toLowerCase();
}

/** Candidates that a message lists. */
const MOST = 5;

/**
 * A class by its index, by its name, or by its name as it is printed: `005.Northern_Mossthrush` is
 * "Northern Mossthrush", too, in any case. Its number alone, with its zeros (`005`), is not an index.
 *
 * @returns the index, or what is wrong: the end of a sentence
 */
export function findClass(
  text: string,
  names: readonly string[] | null,
  classes: number,
): number | string {
  const exact = names?.indexOf(text) ?? -1;
  if (exact >= 0) return exact;
  const labelsWith = (has: (name: string) => boolean) =>
    (names ?? []).flatMap((name, label) => has(name) ? [label] : []);
  const ofNumber = /^0\d+$/.test(text) ? labelsWith((name) => name.startsWith(`${text}.`)) : [];
  if (ofNumber.length === 1) return ofNumber[0];
  if (/^\d+$/.test(text) && Number(text) < classes) return Number(text);
  const range = `a number from 0 to ${classes - 1}`;
  if (!names) return `expected ${range}`;
  const listed = (labels: readonly number[]) =>
    labels.slice(0, MOST).map((label) => names[label]).join(", ") +
    (labels.length > MOST ? ", …" : "");
  const wanted = plain(text);
  const found = labelsWith((name) => plain(name) === wanted);
  if (found.length === 1) return found[0];
  if (found.length > 1) return `which is the name of ${found.length} classes: ${listed(found)}`;
  const parts = wanted === ""
    ? []
    : labelsWith((name) => ` ${plain(name)} `.includes(` ${wanted} `));
  if (parts.length > 0) return `expected the whole name of a class, such as ${listed(parts)}`;
  return `expected ${range} or a name such as ${names[0]}${didYouMean(wanted, names.map(printed))}`;
}
