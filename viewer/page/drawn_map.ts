import type { AttributionMap } from "../../eval/maps/explain.ts";
import { isSigned } from "../../eval/maps/kinds.ts";
import { type Look, topOf } from "../../eval/present/pictures/look.ts";
import type { Examination, MapChoice, OnShare } from "./examination.ts";
import { mapWords, workWords } from "./map_words.ts";
import type { MapView } from "./map_view.ts";
import type { StatusLine } from "./status_line.ts";
import { kindWords } from "./words.ts";
import { isCalm } from "../../model/methods.ts";

/** A map that was made, and those with which it shares its scale. */
export interface MadeMap {
  readonly examination: Examination;
  readonly choice: MapChoice;
  readonly map: AttributionMap;
  readonly rivals: readonly AttributionMap[];
  /** How long it took. */
  readonly seconds: number;
}

/**
 * Makes a map, and those of other classes where the scale is shared.
 *
 * @param heed called now and then while a slow map is made; what it throws ends the work
 */
export async function makeMap(
  examination: Examination,
  choice: MapChoice,
  { look, status, heed }: {
    readonly look: Look;
    readonly status: StatusLine;
    readonly heed: () => void;
  },
): Promise<MadeMap> {
  const started = performance.now();
  return await status.during(workWords(examination.opened, choice), async (show) => {
    const onShare: OnShare = (share) => {
      heed();
      show(share);
    };
    const map = await examination.map(choice, onShare);
    const isShared = look.scale === "shared" && look.top === null;
    const rivals = isShared ? await examination.rivals(choice, onShare) : [];
    return { examination, choice, map, rivals, seconds: (performance.now() - started) / 1000 };
  });
}

/**
 * Draws a map.
 *
 * @param beside another map that is shown, whose scale is shared where the values are of one kind
 * @returns the value of the brightest colour
 */
export function drawMap(view: MapView, made: MadeMap, beside: MadeMap | null, look: Look): number {
  const { examination, choice, map, rivals } = made;
  const signed = isSigned(choice.kind);
  const others = beside && isOfOneUnit(made, beside) ? [beside.map, ...beside.rivals] : [];
  const top = topOf(map, [...rivals, ...others], look, signed);
  const words = mapWords(examination, choice, map, look);
  view.show(examination.shown, map, { signed, top, look }, words);
  return top;
}

/** Probabilities are not logits. */
function isOfOneUnit(a: MadeMap, b: MadeMap): boolean {
  const isOfCalm = ({ examination }: MadeMap) => isCalm(examination.opened.model.method);
  return a.choice.kind === b.choice.kind && isOfCalm(a) === isOfCalm(b);
}

/** Maps that took less need no mention, in seconds. */
const LEAST_TOLD = 0.1;

/** How long slow maps took. */
export function timeWords(maps: readonly (MadeMap | null)[]): string {
  return maps.filter((made) => made !== null)
    .filter(({ seconds }) => seconds >= LEAST_TOLD)
    .map(({ examination: { opened }, choice: { kind }, seconds }) =>
      ` ${kindWords(opened, kind).name} took ${seconds.toFixed(2)} s.`
    ).join("");
}
