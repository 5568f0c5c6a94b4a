import { differingParts } from "../../../data/birds/attributes.ts";
import { PARTS, type Species } from "../../../data/birds/parts.ts";

/** A set of parts: bit i stands for the part at position i of `PARTS`. */
export type PartSet = number;

/** All parts. */
export const ALL_PARTS: PartSet = 2 ** PARTS.length - 1;

/** The parts at the positions for which something holds. */
export function setOf(holds: (position: number) => boolean): PartSet {
  return PARTS.reduce((set, _, i) => holds(i) ? set | 1 << i : set, 0);
}

/** How many parts a set has. */
export function sizeOf(set: PartSet): number {
  return PARTS.filter((_, i) => set & 1 << i).length;
}

/** The parts in which each species looks as a given one does, by their attributes. */
export function sharedParts(
  species: readonly Pick<Species, "appearance">[],
  target: number,
): PartSet[] {
  return species.map(({ appearance }) => {
    const differing = differingParts(species[target].appearance, appearance);
    return setOf((i) => !differing.includes(PARTS[i]));
  });
}

/**
 * The minimal sufficient part sets of a species: sets of parts by whose looks it is told from all
 * others, and of which no part can be spared.
 *
 * @param shared the parts that each species shares with it, of `sharedParts`
 */
export function sufficientSets(shared: readonly PartSet[], target: number): PartSet[] {
  const others = shared.filter((_, y) => y !== target);
  const sets = Array.from({ length: ALL_PARTS }, (_, i) => i + 1);
  const sufficient = sets.filter((set) => others.every((own) => (set & ~own) !== 0));
  return sufficient.filter((set) =>
    !sufficient.some((other) => other !== set && (other & ~set) === 0)
  );
}

/** Two classes that parts of a third one speak for. */
export interface Rivals {
  readonly classes: readonly [first: number, second: number];
  /** For each of them the parts that it shares with the third class and that the other does not. */
  readonly parts: readonly [PartSet, PartSet];
}

/**
 * The two classes that target sensitivity compares on pictures of a class: those with the most parts
 * that only one of the two shares with it, the smaller set first; of equal ones the first.
 *
 * @param shared the parts that each species shares with it, of `sharedParts`
 * @returns null where no two classes have such parts
 */
export function rivalsOf(shared: readonly PartSet[], target: number): Rivals | null {
  let best: Rivals | null = null;
  let most = 0;
  for (let first = 0; first < shared.length; first++) {
    for (let second = first + 1; second < shared.length; second++) {
      if (first === target || second === target) continue;
      const parts = [shared[first] & ~shared[second], shared[second] & ~shared[first]] as const;
      const [a, b] = parts.map(sizeOf);
      const rank = Math.min(a, b) * (PARTS.length + 1) + Math.max(a, b);
      if (Math.min(a, b) === 0 || rank <= most) continue;
      [best, most] = [{ classes: [first, second], parts }, rank];
    }
  }
  return best;
}
