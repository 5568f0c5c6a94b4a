import { didYouMean } from "../../engine/did_you_mean.ts";
import { UserError } from "../../engine/errors.ts";
import type { Architecture } from "../backbones/list.ts";
import type { Method } from "../methods.ts";
import { type Preset, PRESET_NAMES, type Settings } from "./recipe.ts";

/** The benchmark's data sets by the names that `openDataset` knows. */
type BenchmarkSet = "cub" | "ilsvrc" | "openimages";

/** What a method is trained with in the WSOL benchmark, on one data set and architecture. */
export interface WsolRecipe {
  /** `wsol-DATASET-ARCH-METHOD`. */
  readonly name: string;
  readonly dataset: BenchmarkSet;
  readonly arch: Architecture;
  readonly method: Method;
  /** Everything that it decides of training. */
  readonly settings: Settings;
  /** Where third parties' copies of the benchmark's settings differ. */
  readonly doubt?: string;
}

const has = (size: number, rate: number): Settings => ({
  "has-grid-size": size,
  "has-drop-rate": rate,
});

const acol = (threshold: number): Settings => ({ "acol-threshold": threshold });

/** High and low threshold of each of the three maps. */
const spg = (...cuts: readonly (readonly [high: number, low: number])[]): Settings =>
  Object.fromEntries(cuts.flatMap(([high, low], i) => [
    [`spg-threshold-${i + 1}h`, high],
    [`spg-threshold-${i + 1}l`, low],
  ]));

const adl = (rate: number, threshold: number): Settings => ({
  "adl-drop-rate": rate,
  "adl-threshold": threshold,
});

const cutmix = (beta: number, probability: number): Settings => ({
  "cutmix-beta": beta,
  "cutmix-prob": probability,
});

/** CAM as in the benchmark, whose rivals are so anyway. */
const cam: Settings = { benchmark: true };

type Row = readonly [
  dataset: BenchmarkSet,
  arch: "vgg16" | "inception_v3" | "resnet50",
  method: Method,
  lr: number,
  map: 14 | 28,
  own: Settings,
  doubt?: string,
];

const MAP = "one of three copies has 14×14 maps";

/**
 * Each row has the learning rate, the side of the maps and the method's own settings. All are third
 * parties' copies of the settings that the benchmark's search found; the authors' sheet could not be
 * had (docs/recipes.md).
 */
const ROWS: readonly Row[] = [
  ["cub", "vgg16", "cam", 1.268269e-5, 14, cam],
  ["cub", "inception_v3", "cam", 2.24844746e-3, 28, cam],
  ["cub", "resnet50", "cam", 2.3222617e-4, 28, cam],
  ["ilsvrc", "vgg16", "cam", 1.654502e-5, 14, cam],
  ["ilsvrc", "inception_v3", "cam", 3.606503e-4, 28, cam],
  ["ilsvrc", "resnet50", "cam", 3.108411e-5, 28, cam],
  ["openimages", "vgg16", "cam", 3.4052401e-4, 14, cam],
  ["openimages", "inception_v3", "cam", 3e-4, 28, cam],
  ["openimages", "resnet50", "cam", 1.07117324e-3, 14, cam],
  [
    ...["cub", "vgg16", "has", 3.42891848e-3, 14, has(65, 0.47)] as const,
    "another copy has the learning rate 0.00142891848 and cells of 4 pixels",
  ],
  ["cub", "inception_v3", "has", 1.400558066e-2, 14, has(170, 0.26)],
  ["cub", "resnet50", "has", 3.61996526e-3, 28, has(120, 0.66), MAP],
  ["cub", "vgg16", "acol", 1.0569582e-4, 14, acol(0.89)],
  ["cub", "inception_v3", "acol", 6.58832165e-3, 14, acol(0.79)],
  ["cub", "resnet50", "acol", 1.700073e-5, 28, acol(0.57), "copies differ on the maps"],
  ["cub", "vgg16", "spg", 1.2558923e-4, 14, spg([0.29, 0.23], [0.03, 0.02], [0.82, 0.59])],
  ["cub", "inception_v3", "spg", 3.360682e-4, 14, spg([0.28, 0.02], [0.17, 0.03], [0.47, 0.31])],
  [
    ...["cub", "resnet50", "spg", 4.521947e-5, 28] as const,
    spg([0.41, 0.35], [0.24, 0.21], [0.12, 0.08]),
    "copies differ on the maps; one has 0.06 as the last threshold",
  ],
  ["cub", "vgg16", "adl", 2.430601e-5, 14, adl(0.33, 0.72)],
  ["cub", "inception_v3", "adl", 3.8655054e-4, 14, adl(0.69, 0.86)],
  ["cub", "resnet50", "adl", 1.253438325e-2, 28, adl(0.24, 0.76), MAP],
  ["cub", "vgg16", "cutmix", 3.220934e-5, 14, cutmix(0.85, 0.79)],
  ["cub", "inception_v3", "cutmix", 2.25171726e-3, 14, cutmix(0.04, 0.3)],
  [
    ...["cub", "resnet50", "cutmix", 3.333722e-4, 28, cutmix(1.35, 0.34)] as const,
    `${MAP}; two copies of one author have the probability 0.24`,
  ],
];

/** Epochs, and at which of them the rate falls; third parties' copies, like the rows. */
const SCHEDULES: Readonly<Record<BenchmarkSet, readonly [epochs: number, decayEvery: number]>> = {
  cub: [50, 15],
  ilsvrc: [10, 3],
  openimages: [10, 3],
};

/**
 * What the WSOL benchmark trains all methods with on a data set: schedule, batch, weight decay. The
 * rest are defaults of its code, which are the official code's. Nothing for other data sets.
 */
export function benchmarkSchedule(dataset: string, arch: Architecture): Settings {
  if (!Object.hasOwn(SCHEDULES, dataset)) return {};
  const [epochs, decayEvery] = SCHEDULES[dataset as BenchmarkSet];
  return {
    "epochs": epochs,
    "lr-decay-every": decayEvery,
    "batch-size": 32,
    "weight-decay": /^(vgg|inception)/.test(arch) ? 5e-4 : 1e-4,
  };
}

/** All of them by name. */
export const WSOL_RECIPES: ReadonlyMap<string, WsolRecipe> = new Map(
  ROWS.map(([dataset, arch, method, lr, map, own, doubt]) => {
    const name = `wsol-${dataset}-${arch}-${method}`;
    const settings = {
      ...{ lr, "large-feature-map": map === 28 },
      ...own,
      ...benchmarkSchedule(dataset, arch),
    };
    return [name, { name, dataset, arch, method, settings, ...(doubt && { doubt }) }];
  }),
);

/**
 * A recipe by name: one of the paper, or of the WSOL benchmark.
 *
 * @throws {UserError} when there is none of this name
 */
export function findRecipe(name: string): Preset | WsolRecipe {
  const found = WSOL_RECIPES.get(name) ?? PRESET_NAMES.find((preset) => preset === name);
  if (found !== undefined) return found;
  throw new UserError(
    `There is no recipe "${name}", expected ${PRESET_NAMES.join(", ")}, or ` +
      `wsol-DATASET-ARCH-METHOD as docs/recipes.md lists them` +
      didYouMean(name, [...PRESET_NAMES, ...WSOL_RECIPES.keys()]),
    { settings: ["recipe"] },
  );
}
