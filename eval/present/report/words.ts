/** A value of a map or a class as a person reads it. */
export function probability(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  if (Math.abs(value) < 0.005) return value.toExponential(0).replace("-", "−");
  return value > 0.995 && value < 1 ? "> 0.99" : value.toFixed(2);
}

/** The largest value of a map, with two significant digits: `0.013`, `8.8e−5`, `167`. */
export function twoDigits(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 10
    ? value.toFixed(0)
    : size >= 0.001
    ? value.toPrecision(2)
    : value.toExponential(1);
  return text.replaceAll("-", "−");
}

/** `p = 0.68`, `p > 0.99`. */
export function statement(name: string, value: number): string {
  const text = probability(value);
  return (text.startsWith(">") ? `${name} ${text}` : `${name} = ${text}`).replaceAll(" ", "\u00a0");
}

/** A share in percent; a dash where there is none. */
export function percentage(share: number | null, digits = 1): string {
  return share === null || !Number.isFinite(share) ? "–" : `${(100 * share).toFixed(digits)} %`;
}

/** Seconds as a person says them: `45 s`, `3 min 20 s`, `1 h 02 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** What the numbers of a table mean, in a sentence for those who meet them first, by its name. */
export const TABLE_WORDS: Readonly<Record<string, string>> = {
  "table1_cue_localization":
    "Two classes often differ in a few parts only: do the maps light up there? Higher is better.",
  "table2_classification":
    "How often the model names the right class. A model that explains itself well should not be " +
    "worse at that. Higher accuracy and lower loss are better.",
  "figure5_remove_and_classify":
    "Pixels that a map calls important are erased: if it is right, the model is lost without " +
    "them. 1 is as good as erasing at random; lower is better.",
  "table3_wsol":
    "The model never saw where the objects are: do its maps cover them all the same? Higher is " +
    "better.",
  "table3_published": "What others found with the same measure. Higher is better.",
  "axioms":
    "What can be asked of any explanation: that it adds up to the prediction, that it does not " +
    "change when the prediction does not, and that it marks what matters.",
  "further_measures":
    "Other ways to ask whether maps mark what the model uses, and whether that is the object.",
  "parameter_randomisation":
    "The model forgets what it learned, layer by layer. A map that explains the model has to " +
    "change with it: lower is better.",
  "funny_birds":
    "Birds are drawn again without a tail, or without the twig behind them: does the map mark what " +
    "the model then turns out to need, and nothing else? Higher is better.",
};
