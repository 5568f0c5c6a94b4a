import { ATTRIBUTION_KINDS, type AttributionKind } from "../../eval/maps/kinds.ts";
import { COLOUR_MAPS } from "../../eval/present/pictures/colour_map.ts";
import { DEFAULT_LOOK, type Look, usualOpacity } from "../../eval/present/pictures/look.ts";

/** What a link keeps of the page; what is left out is as the page has it. */
export interface Link {
  /** File name of a sample picture. */
  readonly picture?: string;
  readonly kind?: AttributionKind;
  readonly label?: number;
  readonly against?: number;
  readonly superset?: readonly number[];
  /** The kind of the second map. */
  readonly beside?: AttributionKind;
  readonly look: Look;
}

/** Longer ones are nobody's links. */
const MOST_CHARACTERS = 4000;

/** The part of an address after `#`; what is as usual is left out of it. */
export function formatLink(
  { picture, kind, label, against, superset, beside, look }: Link,
): string {
  const { scale, top, colours, opacity } = look;
  const texts: Record<string, string | undefined> = {
    picture: picture?.replace(/\.\w+$/, ""),
    map: kind,
    class: label?.toString(),
    against: against?.toString(),
    classes: superset?.join("."),
    beside,
    scale: top === null && scale !== DEFAULT_LOOK.scale ? scale : undefined,
    max: top?.toString(),
    colours: colours === DEFAULT_LOOK.colours ? undefined : colours,
    opacity: opacity === usualOpacity(colours) ? undefined : opacity?.toString() ?? "light",
  };
  const parts = new URLSearchParams();
  for (const [name, text] of Object.entries(texts)) if (text !== undefined) parts.set(name, text);
  return parts.toString();
}

/**
 * Reads the part of an address after `#`. Anybody may have written it: what is not as it should be is
 * left out.
 *
 * @param pictures the samples' file names
 */
export function parseLink(hash: string, pictures: readonly string[]): Link {
  const text = hash.replace(/^#/, "");
  const parts = new URLSearchParams(text.length <= MOST_CHARACTERS ? text : "");
  const picture = parts.get("picture");
  const classes = parts.get("classes")?.split(".").filter(Boolean).map(wholeNumber);
  const colours = oneOf(COLOUR_MAPS, parts.get("colours")) ?? DEFAULT_LOOK.colours;
  const top = decimal(parts.get("max"));
  const opacity = decimal(parts.get("opacity"));
  const laid = opacity !== undefined && opacity <= 1
    ? opacity
    : parts.get("opacity") === "light"
    ? null
    : usualOpacity(colours);
  return {
    picture: pictures.find((name) => name.replace(/\.\w+$/, "") === picture),
    kind: oneOf(ATTRIBUTION_KINDS, parts.get("map")),
    label: wholeNumber(parts.get("class")),
    against: wholeNumber(parts.get("against")),
    superset: classes?.every((label) => label !== undefined) ? classes : undefined,
    beside: oneOf(ATTRIBUTION_KINDS, parts.get("beside")),
    look: {
      scale: oneOf(["own", "shared"] as const, parts.get("scale")) ?? DEFAULT_LOOK.scale,
      top: top !== undefined && top > 0 ? top : null,
      colours,
      opacity: laid,
    },
  };
}

function oneOf<T extends string>(all: readonly T[], text: string | null): T | undefined {
  return all.find((one) => one === text);
}

/** The index of a class. */
function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}

/** A number that is not negative, as formatted by `toString`. */
function decimal(text: string | null): number | undefined {
  if (text === null || !/^\d+(\.\d+)?(e[+-]?\d{1,3})?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
