import { Random } from "../../../engine/random.ts";
import type { Method } from "../../../model/methods.ts";
import type { Settings } from "../../../model/training/recipe.ts";

/** What the settings of a search depend on, besides chance. */
export interface Space {
  readonly method: Method;
  /** The methods whose settings there are: `has`, `adl`, … */
  readonly parts: ReadonlySet<string>;
  /** Whether the backbone can be had with 28×28 maps. */
  readonly hasLargeMap: boolean;
  /** Side of the pictures that the network sees. */
  readonly crop: number;
}

/** Which draw of which search, and what is not drawn. */
export interface DrawOptions {
  readonly seed: number;
  /** Counted from 0. */
  readonly draw: number;
  /** Settings that have a value already. */
  readonly fixed: Settings;
}

/** How a setting is drawn. */
interface Range {
  readonly option: string;
  /** Whether there is such a setting; `fixed` has those with a value already. */
  readonly isIn: (space: Space, fixed: Settings) => boolean;
  /** `known` has those with a value already, drawn before or fixed. */
  readonly draw: (random: Random, known: Settings, space: Space) => number | boolean;
}

const partOf = (part: string) => ({ parts }: Space) => parts.has(part);

/** U[0, 1]. */
const share = (part: string, option: string): Range => ({
  option,
  isIn: partOf(part),
  draw: (random) => random.uniform(),
});

/** The low threshold in U[0, 1], the high one between it and 1. */
const spgThresholds = (map: number): Range[] => {
  const [low, high] = [`spg-threshold-${map}l`, `spg-threshold-${map}h`];
  return [
    {
      option: low,
      isIn: partOf("spg"),
      draw: (random, known) => random.uniform(0, Number(known[high] ?? 1)),
    },
    {
      option: high,
      isIn: partOf("spg"),
      draw: (random, known) => random.uniform(Number(known[low]), 1),
    },
  ];
};

/** The ranges of the WSOL benchmark's search (Choe et al., 2020, appendix), as docs/recipes.md has them. */
const RANGES: readonly Range[] = [
  { option: "lr", isIn: () => true, draw: (random) => 10 ** random.uniform(-5, 0) },
  {
    option: "large-feature-map",
    isIn: ({ hasLargeMap }) => hasLargeMap,
    draw: (random) => random.chance(0.5),
  },
  {
    option: "has-grid-size",
    isIn: ({ parts }, fixed) => parts.has("has") && !("has-sizes" in fixed),
    draw: (random, _, { crop }) => Math.max(1, Math.round(random.uniform() * crop)),
  },
  share("has", "has-drop-rate"),
  share("acol", "acol-threshold"),
  ...[1, 2, 3].flatMap(spgThresholds),
  share("adl", "adl-drop-rate"),
  share("adl", "adl-threshold"),
  {
    option: "cutmix-beta",
    isIn: partOf("cutmix"),
    // 1 / U(0, 2] − 1/2.
    draw: (random) => 1 / (2 - random.uniform(0, 2)) - 0.5,
  },
  share("cutmix", "cutmix-prob"),
];

/** Significant digits of a drawn number: what is written down is what was trained with. */
const DIGITS = 6;

/**
 * The settings of a draw. Each is a function of seed, method, draw and its own name: whoever trains a
 * draw, and when, and whatever else is fixed, it is the same.
 */
export function drawSettings(space: Space, { seed, draw, fixed }: DrawOptions): Settings {
  const drawn: Record<string, number | boolean> = {};
  for (const range of RANGES) {
    if (range.option in fixed || !range.isIn(space, fixed)) continue;
    const name = `${space.method} ${range.option}`;
    const random = Random.of(seed, 0x5ea2c, draw, ...[...name].map((c) => c.codePointAt(0)!));
    const value = range.draw(random, { ...fixed, ...drawn }, space);
    drawn[range.option] = typeof value === "number" ? Number(value.toPrecision(DIGITS)) : value;
  }
  return drawn;
}
