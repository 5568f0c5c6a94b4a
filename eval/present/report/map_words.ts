import type { MapKind } from "../../maps/explain.ts";

/** What a kind of map is called in a report, and what it says. */
export interface MapWords {
  readonly name: string;
  readonly formula: string;
  /** Goes on after "The brighter, ". */
  readonly meaning: string;
}

/** The kinds of map that a training report shows. */
export const MAP_WORDS: Readonly<Partial<Record<MapKind, MapWords>>> = {
  "joint": {
    name: "joint",
    formula: "p(ŷ, z | x)",
    meaning: "the more probable that the cue for this class was here. All cells add up to the " +
      "probability of the class.",
  },
  "conditional": {
    name: "conditional",
    formula: "p(ŷ | x, z)",
    meaning: "the more probable the class, if the cue were here: what each place speaks for.",
  },
  "saliency": {
    name: "saliency",
    formula: "p(z | x)",
    meaning: "the more probable that the cue was here, for whatever class: where the model looks.",
  },
  "cam-max": {
    name: "CAM",
    formula: "f / max f",
    meaning: "the higher the score of the class here, divided by the map’s highest.",
  },
  "cam-minmax": {
    name: "CAM, min–max",
    formula: "(f − min) / (max − min)",
    meaning: "the higher the score of the class here, between the map’s lowest and highest.",
  },
};
