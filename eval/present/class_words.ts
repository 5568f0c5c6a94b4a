/** Letters that are written from right to left, and marks that turn the direction of what follows. */
const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]|[\u200f\u202a-\u202e\u2066-\u2069]/u;

/**
 * The name of a class as people read it: `017.Marsh_Wren` is "Marsh Wren". One that is written from
 * right to left is isolated, or it would turn the numbers round that stand beside it.
 *
 * @param most longer names are cut to so many characters
 */
export function classWords(name: string, most = Infinity): string {
  const whole = name.replace(/^\d+\./, "").replaceAll("_", " ");
  // By code points: half a pair of surrogates is no character.
  const letters = whole.length > most ? [...whole] : [];
  const words = letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : whole;
  if (!RIGHT_TO_LEFT.test(words)) return words;
  return `\u2068${words.replace(/[\u202a-\u202e\u2066-\u2069]/g, "")}\u2069`;
}
