import { CUTMIX, type CutMixOptions } from "../data/cutmix.ts";
import { HAS, type HasOptions } from "../data/hide_and_seek.ts";
import { UserError } from "../engine/errors.ts";
import { ADL } from "../model/attention_dropout.ts";
import { backboneKind } from "../model/backbones/list.ts";
import type { ModelOptions } from "../model/build.ts";
import { ACOL_THRESHOLD } from "../model/heads/acol.ts";
import { SPG_CUTS, type SpgCuts } from "../model/heads/spg.ts";
import { isCalm, isOfBenchmark, type Method } from "../model/methods.ts";
import type { RecipeChoices } from "../model/training/recipe.ts";
import type { OptionSpec, OptionTable, ParsedOptions } from "./options.ts";

const share = (help: string, fallback: number): OptionSpec => ({
  type: "number",
  min: 0,
  max: 1,
  help,
  default: fallback,
});

/** Dropout of the benchmark's Inception. */
const DROPOUT = 0.5;

/** SPG's six thresholds by the benchmark's names: `1h` is the first map's high one. */
const CUTS = SPG_CUTS.flatMap((cuts, i) =>
  (["high", "low"] as const).map((end) => ({
    i,
    end,
    option: `spg-threshold-${i + 1}${end[0]}`,
    value: cuts[end],
  }))
);

/** Options of the methods of the WSOL benchmark, with its names and defaults. */
export const METHOD_OPTIONS: OptionTable = {
  benchmark: {
    type: "flag",
    help: "cam: first weights, groups of rates and Inception as in the WSOL benchmark, which its " +
      "rivals have anyway",
  },
  augment: {
    type: "choice",
    choices: ["has", "cutmix"],
    help: "cam, CALM: what HaS or CutMix does to training pictures",
  },
  adl: { type: "flag", help: "CALM: with ADL's layers within the backbone" },
  "has-grid-size": {
    type: "integer",
    min: 0,
    help: "has: side of a hidden cell in pixels; 0: hides nothing",
    default: HAS.sizes[0],
  },
  "has-sizes": {
    type: "text",
    value: "N,…",
    help: "has: sides of which each picture draws one; its own paper has 0,16,32,44,56",
  },
  "has-drop-rate": share("has: probability that a cell is hidden", HAS.rate),
  "acol-threshold": share("acol: where its first map hides features", ACOL_THRESHOLD),
  ...Object.fromEntries(
    CUTS.map(({ i, end, option, value }) => [
      option,
      share(`spg: ${end} threshold of map ${i + 1}`, value),
    ]),
  ),
  "adl-drop-rate": share("adl: probability of hiding rather than stressing", ADL.rate),
  "adl-threshold": share("adl: share of the largest attention that is hidden", ADL.threshold),
  "cutmix-beta": {
    type: "number",
    min: 0,
    help: "cutmix: β of the share that is left of a picture",
    default: CUTMIX.beta,
  },
  "cutmix-prob": share("cutmix: probability that a batch is mixed", CUTMIX.probability),
  dropout: {
    type: "number",
    min: 0,
    max: 0.99,
    help:
      `Inception: dropout around its extra blocks (default ${DROPOUT} for has, spg, cutmix, --benchmark, else 0)`,
  },
};

/** Options that no single part of a method has. */
const FOR_SEVERAL = ["benchmark", "augment", "adl", "dropout"];

/** What a method's options decide of a model and of its training. */
export interface MethodSettings {
  /** Whether the model is as the WSOL benchmark has it. */
  readonly ofBenchmark: boolean;
  readonly model: Pick<ModelOptions, "benchmark" | "adl" | "acolThreshold" | "spgCuts" | "dropout">;
  readonly recipe: Pick<RecipeChoices, "has" | "cutmix" | "groups">;
}

/**
 * Reads the options of a method.
 *
 * @throws {UserError} for options that are another method's, or that contradict each other
 */
export function methodSettings(
  options: ParsedOptions,
  { method, arch }: Pick<ModelOptions, "method" | "arch">,
): MethodSettings {
  const parts = partsOf(options, method);
  for (const name of Object.keys(METHOD_OPTIONS)) {
    const part = name.split("-")[0];
    if (FOR_SEVERAL.includes(name) || !options.has(name)) continue;
    if (!parts.has(part)) throw new UserError(`--${name} is for ${part}, not for ${method}`);
  }
  const benchmark = options.flag("benchmark");
  if (benchmark && method !== "cam") {
    throw new UserError(`--benchmark is for cam, not for ${method}`);
  }
  const dropout = dropoutOf(options, { method, arch, benchmark });
  const ofBenchmark = benchmark || isOfBenchmark(method);
  return {
    ofBenchmark,
    model: {
      ...(benchmark && { benchmark }),
      ...(parts.has("adl") && {
        adl: {
          rate: options.quantity("adl-drop-rate"),
          threshold: options.quantity("adl-threshold"),
        },
      }),
      ...(parts.has("acol") && {
        acolThreshold: options.quantity("acol-threshold"),
      }),
      ...(parts.has("spg") && { spgCuts: spgCuts(options) }),
      ...(dropout > 0 && { dropout }),
    },
    recipe: {
      ...(parts.has("has") && { has: hasOptions(options) }),
      ...(parts.has("cutmix") && { cutmix: cutMixOptions(options) }),
      ...(ofBenchmark && { groups: "benchmark" }),
    },
  };
}

/** What a run has of the methods: its own, and what goes with CAM and CALM. */
export function partsOf(options: ParsedOptions, method: Method): ReadonlySet<string> {
  const parts = new Set<string>([method]);
  const augment = options.text("augment");
  if (augment !== undefined) {
    if (method !== "cam" && !isCalm(method)) {
      throw new UserError(`--augment is for cam and CALM, not for ${method}`);
    }
    parts.add(augment);
  }
  if (options.flag("adl")) {
    if (!isCalm(method)) {
      throw new UserError(
        `--adl is for CALM, not for ${method}${
          method === "cam" ? ": --method adl is CAM with it" : ""
        }`,
      );
    }
    parts.add("adl");
  }
  return parts;
}

function hasOptions(options: ParsedOptions): HasOptions {
  const rate = options.quantity("has-drop-rate");
  const sizes = options.text("has-sizes");
  if (sizes === undefined) {
    return { sizes: [options.quantity("has-grid-size")], rate };
  }
  if (options.has("has-grid-size")) {
    throw new UserError("--has-sizes and --has-grid-size say the same: leave one out");
  }
  const all = sizes.split(",").map((word) => word.trim());
  const wrong = all.find((word) => !/^\d{1,4}$/.test(word));
  if (wrong !== undefined) {
    throw new UserError(`--has-sizes has "${wrong}", expected whole numbers such as 0,16,32,44,56`);
  }
  return { sizes: all.map(Number), rate };
}

function cutMixOptions(options: ParsedOptions): CutMixOptions {
  return {
    beta: options.quantity("cutmix-beta"),
    probability: options.quantity("cutmix-prob"),
  };
}

function spgCuts(options: ParsedOptions): SpgCuts {
  const [first, second, third] = SPG_CUTS.map((_, i) => {
    const [high, low] = CUTS.filter((cut) => cut.i === i)
      .map(({ option }) => ({ option, value: options.quantity(option) }));
    if (low.value > high.value) {
      throw new UserError(
        `--${low.option} is ${low.value}, expected at most --${high.option}, ${high.value}`,
      );
    }
    return { high: high.value, low: low.value };
  });
  return [first, second, third];
}

function dropoutOf(
  options: ParsedOptions,
  { method, arch, benchmark }: Pick<ModelOptions, "method" | "arch" | "benchmark">,
): number {
  const hasDropout = backboneKind(arch).hasDropout === true;
  const given = options.number("dropout");
  if (given !== undefined && !hasDropout) {
    throw new UserError(`--dropout is for Inception, not ${arch}`);
  }
  if (given !== undefined && method === "acol") {
    throw new UserError("--dropout is around blocks that acol's Inception does not have");
  }
  const isUsual = benchmark || ["has", "spg", "cutmix"].includes(method);
  return given ?? (hasDropout && isUsual ? DROPOUT : 0);
}
