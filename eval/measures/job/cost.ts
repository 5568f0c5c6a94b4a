import { type AttributionKind, rowOf } from "../../maps/kinds.ts";
import { kindOf, type Measure } from "../measures.ts";
import type { Pass } from "./job.ts";

/** A pass forward and back through the network, in passes forward. */
const BACK = 3;
/** Layers that randomisation draws anew, about. */
const LAYERS = 6;
/**
 * Drawing a picture again without parts and objects, some 40 times, and asking the small network each
 * time; and what another kind of map needs beyond that.
 */
const REDRAWN = { first: 150, more: 15 };
/** Classes whose maps they need: the true one, mostly predicted, and two others. */
const REDRAWN_CLASSES = 3;

/**
 * About how long each measure of a pass takes for a picture, in passes forward through the network: to
 * tell how far a job is, not to plan by. Maps are made once for all measures of a pass, so the first
 * one that needs them pays.
 */
export function costsOf({ measures }: Pick<Pass, "measures">): number[] {
  const made = new Set<string>();
  const isNew = (what: string) => {
    const known = made.has(what);
    made.add(what);
    return !known;
  };
  const mapCost = (kind: AttributionKind | null) => {
    const gradients = kind === null ? undefined : rowOf(kind).gradients;
    return gradients === undefined ? 0.2 : BACK * gradients;
  };
  return measures.map((measure) => {
    const kind = kindOf(measure);
    const group = kind === null ? "" : rowOf(kind).group ?? kind;
    const map = mapCost(kind);
    if (measure.what === "funny-birds") {
      const drawing = isNew("redrawn") ? REDRAWN.first : REDRAWN.more;
      const maps = isNew(`redrawn ${group}`) ? REDRAWN_CLASSES * map : 0;
      return (drawing + maps) / measure.options.every;
    }
    return ownCost(measure, map) + (isNew(group) ? map * classesOf(measure) : 0);
  });
}

/** Classes of a picture whose maps a measure asks for, about. */
function classesOf({ what }: Measure): number {
  return what === "cue-localization" ? 4 : 1;
}

function ownCost({ what, options }: Exclude<Measure, Measure<"funny-birds">>, map: number): number {
  switch (what) {
    case "classification":
    case "pointing-game":
      return 1;
    case "cue-localization":
    case "wsol":
      return 0.5;
    case "remove-and-classify":
      return 1.5 * options.k.length;
    case "deletion-insertion":
      return 2 * options.steps;
    case "axioms":
      return (2 * map + 3) / options.every;
    case "randomisation":
      return LAYERS * (map + 1) / options.every;
  }
}
