import { Random } from "../../engine/random.ts";
import { differingParts } from "./attributes.ts";
import { colorDistance, type ColorName } from "./palette.ts";
import { FAMILIES, type Family } from "./families.ts";
import {
  type Appearance,
  type Coat,
  type Head,
  HEAD_PATTERNS,
  type Part,
  type Species,
  type Tail,
  TAIL_SHAPES,
} from "./parts.ts";

/** The largest number of species that can be told apart (as many as CUB has). */
export const MOST_SPECIES = FAMILIES.length * 4;

// In which order parts are taken where the balance leaves a choice.
const ORDER: readonly Part[] = ["wing", "head", "belly", "tail", "breast", "back", "leg"];
// Distances of colours (CIELAB) that still show when a bird is 50 pixels long.
const CLEAR = 48;
const CONTRAST = 40;

/**
 * The first `count` species (2 … `MOST_SPECIES`), the same at every call.
 *
 * They come in families of up to four. The members of a family are a chain: each has one part
 * changed against the one before it, so that their pairs differ in one, two or three parts, and
 * the parts are dealt out such that all seven get about as many pairs. Members of different
 * families differ in at least four parts.
 */
export function designSpecies(count: number): Species[] {
  const species: Species[] = [];
  const families = Math.ceil(count / 4);
  const tally = new Map<Part, { alone: number; all: number }>(
    ORDER.map((part) => [part, { alone: 0, all: 0 }]),
  );
  for (let index = 0; index < families; index++) {
    const size = Math.floor((count + families - 1 - index) / families);
    const parts = chooseParts(size - 1, tally);
    for (let attempt = 0;; attempt++) {
      const random = Random.of(2011, index, attempt);
      const members = designFamily(FAMILIES[index], parts, random);
      const distinct = members.every((member) =>
        species.every((other) => differingParts(member.appearance, other.appearance).length > 3)
      );
      if (!distinct) continue;
      species.push(...members.map((member) => ({ ...member, family: index })));
      break;
    }
  }
  return species;
}

/** The parts in which the members of the next family differ, those with the fewest pairs first. */
function chooseParts(changes: number, tally: Map<Part, { alone: number; all: number }>): Part[] {
  let best: Part[] = [];
  let least = Infinity;
  const extend = (chosen: Part[]) => {
    if (chosen.length < changes) {
      for (const part of ORDER) if (!chosen.includes(part)) extend([...chosen, part]);
      return;
    }
    let cost = 0;
    for (const [part, { alone, all }] of tally) {
      const place = chosen.indexOf(part);
      // The change at place i of the chain separates i + 1 members from the others.
      const pairs = place < 0 ? 0 : (place + 1) * (changes - place);
      cost += (all + pairs) ** 2 + 9 * (alone + (place < 0 ? 0 : 1)) ** 2;
    }
    if (cost < least) [best, least] = [chosen, cost];
  };
  extend([]);
  best.forEach((part, place) => {
    const entry = tally.get(part)!;
    entry.alone++;
    entry.all += (place + 1) * (changes - place);
  });
  return best;
}

function designFamily(family: Family, parts: readonly Part[], random: Random) {
  const [name, ...theme] = family;
  let appearance = drawAppearance(theme, random);
  const first = random.pick(["Common", "Northern", "Southern", "Eastern", "Western", "Lesser"]);
  const members = [{ name: `${first}_${name}`, appearance }];
  for (const part of parts) {
    appearance = { ...appearance, [part]: alternative(part, appearance, theme, random) };
    members.push({ name: `${describe(part, appearance)}_${name}`, appearance });
  }
  return members;
}

type Theme = Family extends readonly [string, ...infer Rest] ? Rest : never;

function drawAppearance(theme: Theme, random: Random): Appearance {
  const [, upper, under, accent] = theme;
  const dark = random.pick<ColorName>([upper, upper, "black", "brown", "grey"]);
  return {
    head: drawHead(theme, random),
    back: drawCoat(upper, [dark, under, accent], random),
    belly: drawCoat(under, [upper, accent, "black"], random),
    breast: drawCoat(random.pick([under, accent, under]), [upper, dark, "black"], random),
    tail: {
      ...drawCoat(random.pick([dark, upper]), ["white", under, accent], random),
      shape: random.pick(TAIL_SHAPES),
    },
    leg: { color: random.pick<ColorName>(["black", "grey", "pink", "orange", "yellow", "brown"]) },
    wing: drawCoat(dark, ["white", under, accent], random),
  };
}

/** A coat of the given colour, half of the time patterned with a colour that stands out from it. */
function drawCoat(color: ColorName, seconds: readonly ColorName[], random: Random): Coat {
  const pattern = random.pick(["solid", "solid", "solid", "spotted", "striped", "multi-colored"]);
  const standing = seconds.filter((second) => colorDistance(color, second) > CLEAR);
  const fallback = colorDistance(color, "black") > CLEAR ? "black" : "white";
  const second = standing.length > 0 ? random.pick(standing) : fallback;
  return { color, pattern, second } as Coat;
}

function drawHead([bill, upper, under, accent]: Theme, random: Random): Head {
  const pattern = random.pick(HEAD_PATTERNS);
  const crown = random.pick([upper, accent]);
  const others = [upper, under, accent].filter((color) => colorDistance(color, crown) > CONTRAST);
  // A plain or crested head has the colour of its crown all over.
  const nape = pattern === "plain" || others.length === 0 ? crown : random.pick([crown, ...others]);
  const marks = (["black", "white", accent, "yellow"] as const).filter((color) =>
    Math.min(colorDistance(color, crown), colorDistance(color, nape)) > CONTRAST
  );
  return {
    crown,
    nape: pattern === "capped" && others.length > 0 ? random.pick(others) : nape,
    throat: random.pick([under, accent, nape]),
    pattern,
    mark: marks.length > 0 ? random.pick(marks) : "black",
    eye: random.pick(["black", "black", "brown", "red", "yellow"]),
    bill,
    billColor: random.pick<ColorName>(["black", "grey", "orange", "yellow", "pink"]),
  };
}

/** Another look for one part, clearly visible beside the present one. */
function alternative(part: Part, now: Appearance, theme: Theme, random: Random) {
  const [bill, upper, under, accent] = theme;
  const vivid = (["white", "black", "yellow", "red", "blue", "orange"] as const).filter((color) =>
    colorDistance(color, accent) > CLEAR
  );
  for (;;) {
    const extra = random.pick(vivid);
    if (part === "head") {
      const head = drawHead([bill, upper, under, random.pick([accent, extra])], random);
      const old = now.head;
      const clear = colorDistance(head.crown, old.crown) > CLEAR && head.pattern !== old.pattern;
      // The bill's shape and colour stay, or every head difference could be read off the bill.
      if (clear) return { ...head, billColor: old.billColor, eye: old.eye };
    } else if (part === "leg") {
      const color = random.pick<ColorName>(["red", "yellow", "blue", "orange", "black", "white"]);
      if (colorDistance(color, now.leg.color) > CLEAR * 1.2) return { color };
    } else {
      const old: Coat | Tail = now[part];
      // Either another colour or the same colour with another pattern.
      const color = random.pick([accent, extra, under, old.color]);
      const coat = drawCoat(color, [accent, extra, "white", "black"], random);
      const clear = color === old.color
        ? coat.pattern !== old.pattern && (coat.pattern === "solid" || old.pattern === "solid") &&
          Math.max(patternContrast(coat), patternContrast(old)) > CLEAR * 1.4
        : colorDistance(color, old.color) > CLEAR;
      if (clear) return { ...old, ...coat };
    }
  }
}

function patternContrast(coat: Coat): number {
  return coat.pattern === "solid" ? 0 : colorDistance(coat.color, coat.second);
}

/** What a birder would call a species for the looks of one part: `Red_winged`, `Spot_breasted`. */
function describe(part: Part, appearance: Appearance): string {
  const capital = (word: string) => word[0].toUpperCase() + word.slice(1);
  if (part === "leg") return `${capital(appearance.leg.color)}_legged`;
  if (part === "head") {
    const { pattern, crown, mark } = appearance.head;
    if (pattern === "masked" || pattern === "crested") return `${capital(crown)}_${pattern}`;
    if (pattern === "eyebrow") return `${capital(mark)}_browed`;
    return `${capital(crown)}_${pattern === "striped" ? "striped" : "crowned"}`;
  }
  const { color, pattern } = appearance[part];
  const suffix = part === "belly" ? "bellied" : part === "tail" ? "tailed" : `${part}ed`;
  const look = { solid: capital(color), spotted: "Spot", striped: "Bar", "multi-colored": "Pied" };
  return `${look[pattern]}_${suffix}`;
}
