import { UserError } from "../engine/errors.ts";
import { COLOUR_MAPS, type ColourMapName } from "../eval/present/pictures/colour_map.ts";
import { DEFAULT_LOOK, type Look, usualOpacity } from "../eval/present/pictures/look.ts";
import type { OptionTable, ParsedOptions } from "./options.ts";

/** How maps are drawn. */
export const LOOK_OPTIONS: OptionTable = {
  scale: {
    type: "choice",
    choices: ["own", "shared"],
    help: "the brightest colour: each map's largest value, or that of all that are compared, the " +
      "predicted class's among them",
    default: DEFAULT_LOOK.scale,
  },
  vmax: { type: "number", help: "the value of the brightest colour of all maps" },
  colours: {
    type: "choice",
    choices: COLOUR_MAPS,
    help: "of maps without negative values",
    default: DEFAULT_LOOK.colours,
  },
  opacity: {
    type: "number",
    min: 0,
    max: 1,
    help: "how much of the picture the colours cover (default: their light is added; of viridis, " +
      "turbo and jet, which have no black, 0.5)",
  },
};

/**
 * @throws {UserError} for options that contradict each other
 */
export function lookOf(options: ParsedOptions): Look {
  const top = options.number("vmax") ?? null;
  if (top !== null && !(top > 0)) {
    throw new UserError(`--vmax is "${options.text("vmax")}", expected a number above 0`);
  }
  if (top !== null && options.has("scale")) {
    throw new UserError("--vmax says what the brightest colour stands for, so --scale cannot");
  }
  const colours = (options.setting("colours")) as ColourMapName;
  return {
    scale: (options.setting("scale")) as Look["scale"],
    top,
    colours,
    opacity: options.number("opacity") ?? usualOpacity(colours),
  };
}
