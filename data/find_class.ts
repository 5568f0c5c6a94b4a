import { didYouMean } from "../engine/did_you_mean.ts";

/** As a name is compared: without CUB's number in front, underscores as spaces, in small letters. */
function plain(name: string): string {
  return name.normalize("NFC").toLowerCase().replace(/^\d+\./, "").replace(/[_\s]+/g, " ").trim();
}

/**
 * A class by its index, by its name, or by its name as it is printed: `005.Northern_Mossthrush` is
 * "Northern Mossthrush", too, in any case.
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
  if (/^\d+$/.test(text) && Number(text) < classes) return Number(text);
  const range = `a number from 0 to ${classes - 1}`;
  if (!names) return `expected ${range}`;
  const wanted = plain(text);
  const found = names.keys().filter((label) => plain(names[label]) === wanted).toArray();
  if (found.length === 1) return found[0];
  if (found.length > 1) {
    return `which is the name of ${found.length} classes: ${
      found.map((label) => names[label]).join(", ")
    }`;
  }
  return `expected ${range} or a name such as ${names[0]}${didYouMean(wanted, names.map(plain))}`;
}
