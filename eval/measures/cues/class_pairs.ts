import type { ClassAttributes } from "../../../data/cub_annotations.ts";

/** The seven merged parts of a bird (paper §5.2), numbered from 1 as in the official code. */
export const PART_NAMES = ["head", "back", "belly", "breast", "tail", "leg", "wing"] as const;

/** What in an attribute's name points to a part. An attribute can point to several, or to none. */
const SIGNS: readonly RegExp[] = [
  /bill|crown|eye|forehead|head|nape|throat/,
  /back/,
  /belly/,
  /breast/,
  /tail/,
  /leg/,
  /wing/,
];

/** Two classes, and the parts in which they differ. */
export interface ClassPair {
  /** Class indices from 0, the smaller first. */
  readonly classes: readonly [number, number];
  /** Part numbers from 1, in order. */
  readonly parts: readonly number[];
}

/** Parts that an attribute is about, by its name: `has_back_color::blue` → 2. */
export function partsOfAttribute(name: string): number[] {
  return SIGNS.flatMap((sign, i) => sign.test(name) ? [i + 1] : []);
}

/**
 * All pairs of classes that differ in 1 to `most` parts (paper §5.2): P^{A,B} is the set of parts
 * that the symmetric difference of the classes' attributes is about. A class has an attribute when
 * at least half of the annotators saw it.
 *
 * @param most 3 in the paper, which leaves 31 + 64 + 96 pairs of CUB
 */
export function classPairs({ names, percentages }: ClassAttributes, most = 3): ClassPair[] {
  const about = names.map(partsOfAttribute);
  const has = percentages.map((row) => Array.from(row, (percentage) => percentage >= 50));
  const pairs: ClassPair[] = [];
  for (let a = 0; a < has.length; a++) {
    for (let b = a + 1; b < has.length; b++) {
      const parts = new Set<number>();
      for (let i = 0; i < names.length; i++) {
        if (has[a][i] !== has[b][i]) { for (const part of about[i]) parts.add(part); }
      }
      if (parts.size >= 1 && parts.size <= most) {
        pairs.push({ classes: [a, b], parts: [...parts].sort((x, y) => x - y) });
      }
    }
  }
  return pairs;
}
