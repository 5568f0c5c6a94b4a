import { Random } from "../../engine/random.ts";
import { PALETTE } from "./palette.ts";
import { type Appearance, type Part, PARTS } from "./parts.ts";

const COLORS = [
  ...Object.keys(PALETTE).slice(0, 2),
  "iridescent",
  ...Object.keys(PALETTE).slice(2),
];
const PATTERNS = ["solid", "spotted", "striped", "multi-colored"];

// CUB's groups of attributes that describe a part. The groups that describe the whole bird
// (upperparts, underparts, primary colour, size, shape) are left out: a difference there would be
// a difference of classes that no part answers for.
const GROUPS: readonly (readonly [group: string, values: readonly string[]])[] = [
  ["bill_shape", [
    "curved_(up_or_down)",
    "dagger",
    "hooked",
    "needle",
    "hooked_seabird",
    "spatulate",
    "all-purpose",
    "cone",
    "specialized",
  ]],
  ["wing_color", COLORS],
  ["breast_pattern", PATTERNS],
  ["back_color", COLORS],
  ["tail_shape", [
    "forked_tail",
    "rounded_tail",
    "notched_tail",
    "fan-shaped_tail",
    "pointed_tail",
    "squared_tail",
  ]],
  ["upper_tail_color", COLORS],
  ["head_pattern", [
    "spotted",
    "malar",
    "crested",
    "masked",
    "unique_pattern",
    "eyebrow",
    "eyering",
    "plain",
    "eyeline",
    "striped",
    "capped",
  ]],
  ["breast_color", COLORS],
  ["throat_color", COLORS],
  ["eye_color", COLORS.filter((color) => color !== "iridescent")],
  ["forehead_color", COLORS],
  ["nape_color", COLORS],
  ["belly_color", COLORS],
  ["back_pattern", PATTERNS],
  ["tail_pattern", PATTERNS],
  ["belly_pattern", PATTERNS],
  ["leg_color", COLORS],
  ["bill_color", COLORS],
  ["crown_color", COLORS],
  ["wing_pattern", PATTERNS],
];

/** Names of all attributes in the order of their ids 1 … n, as in CUB: `has_wing_color::blue`. */
export const ATTRIBUTES: readonly string[] = GROUPS.flatMap(([group, values]) =>
  values.map((value) => `has_${group}::${value}`)
);

const HEAD_WORDS = ["bill", "crown", "eye", "forehead", "head", "nape", "throat"];

/** The parts an attribute speaks of: those whose name occurs in the attribute's name. */
export function partsOfAttribute(attribute: string): Part[] {
  return PARTS.filter((part) =>
    (part === "head" ? HEAD_WORDS : [part]).some((word) => attribute.includes(word))
  );
}

/** The attributes that a species has. */
export function attributesOf(appearance: Appearance): Set<string> {
  const { head, leg, tail } = appearance;
  const found = [
    `bill_shape::${head.bill}`,
    `bill_color::${head.billColor}`,
    `crown_color::${head.crown}`,
    `forehead_color::${head.crown}`,
    `nape_color::${head.nape}`,
    `throat_color::${head.throat}`,
    `eye_color::${head.eye}`,
    `head_pattern::${head.pattern}`,
    `leg_color::${leg.color}`,
    `tail_shape::${tail.shape}`,
  ];
  for (const part of ["back", "belly", "breast", "tail", "wing"] as const) {
    const { color, second, pattern } = appearance[part];
    const group = part === "tail" ? "upper_tail_color" : `${part}_color`;
    found.push(`${group}::${color}`, `${part}_pattern::${pattern}`);
    if (pattern !== "solid") found.push(`${group}::${second}`);
  }
  return new Set(found.map((name) => `has_${name}`));
}

/**
 * The parts in which two species differ, by the rule of cue localization: an attribute that only
 * one of them has counts for the parts in its name.
 */
export function differingParts(a: Appearance, b: Appearance): Part[] {
  const [ours, theirs] = [attributesOf(a), attributesOf(b)];
  const parts = [...ours.symmetricDifference(theirs)].flatMap(partsOfAttribute);
  return PARTS.filter((part) => parts.includes(part));
}

/**
 * The percentage of annotators who see each attribute, in the order of `ATTRIBUTES`. What a
 * species has is well above 50, everything else well below, as among careful people.
 */
export function attributePercentages(appearance: Appearance, classIndex: number): number[] {
  const present = attributesOf(appearance);
  const random = Random.of(312, classIndex);
  return ATTRIBUTES.map((attribute) => {
    const [high, low, mistaken] = [random.uniform(68, 98), random.uniform(1, 16), random.uniform()];
    return present.has(attribute) ? high : mistaken < 0.3 ? low : 0;
  });
}
