import { type AttributionKind, headingOf } from "../../maps/kinds.ts";

/** What each kind of map that a training report shows says; goes on after "The brighter, ". */
const MEANINGS: Readonly<Partial<Record<AttributionKind, string>>> = {
  "joint": "the more probable that the cue for this class was here. All cells add up to the " +
    "probability of the class.",
  "conditional": "the more probable the class, if the cue were here: what each place speaks for.",
  "saliency": "the more probable that the cue was here, for whatever class: where the model looks.",
  "acol":
    "the more one of its two classifiers finds the class here, between the lowest and highest " +
    "of its scores.",
  "cam-max": "the higher the score of the class here, divided by the map’s highest.",
  "cam-minmax": "the higher the score of the class here, between the map’s lowest and highest.",
};

/** What a kind of map is called in a report, and what it says. */
export function mapWords(kind: AttributionKind) {
  const { title: name, formula } = headingOf(kind);
  return { name, formula, meaning: MEANINGS[kind] ?? "" };
}
