import type { AttributionMap } from "../../maps/explain.ts";
import type { ColourMapName } from "./colour_map.ts";

/** How maps are drawn, as far as the user chooses it. */
export interface Look {
  /**
   * What the brightest colour stands for: each map's own largest value, or the largest of the maps
   * that are compared, so that a class of p = 0.001 does not light up like the winner.
   */
  readonly scale: "own" | "shared";
  /** The value of the brightest colour of all maps; null for what `scale` says. */
  readonly top: number | null;
  readonly colours: ColourMapName;
  /** See `overlay`; null: the map's light is added. */
  readonly opacity: number | null;
}

/** As maps are drawn where nothing is asked for. */
export const DEFAULT_LOOK: Look = { scale: "own", top: null, colours: "inferno", opacity: null };

/** The largest value of a map, of a signed one by its distance from 0. */
export function peakOf({ values }: Pick<AttributionMap, "values">, signed: boolean): number {
  return values.reduce((top, value) => Math.max(top, signed ? Math.abs(value) : value), 0);
}

/** What the brightest colour of a map stands for when it is drawn among others. */
export function topOf(
  map: AttributionMap,
  others: readonly AttributionMap[],
  { scale, top }: Look,
  signed: boolean,
): number {
  if (top !== null) return top;
  const compared = scale === "shared" ? [map, ...others] : [map];
  return Math.max(...compared.map((each) => peakOf(each, signed)));
}

/** How much of the picture colours have to cover that are not black where a map is zero. */
const COVERING = 0.5;

/** The opacity of colours where nothing else is asked for, see `overlay`. */
export function usualOpacity(colours: ColourMapName): number | null {
  return ["viridis", "turbo", "jet"].includes(colours) ? COVERING : null;
}
