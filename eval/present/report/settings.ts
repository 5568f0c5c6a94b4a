import type { Content, Markup } from "./markup.ts";
import { definitions, section } from "./page.ts";
import type { FinishedTraining } from "./finished_training.ts";
import { duration } from "./words.ts";
import { isCalm } from "../../../model/methods.ts";

/** Everything that decides the course of the run. */
export function settingsSection(run: FinishedTraining): Markup {
  const { options, recipe, parameters, pretrained, dataset } = run;
  const { batchSize, microBatch, transform: { resize, crop, flip } } = recipe;
  const hasPrior = isCalm(options.method);
  return section(
    "Settings",
    definitions([
      ["method", options.method],
      ["location prior", hasPrior ? options.prior : null],
      [
        "gradient through the prior’s normaliser",
        hasPrior ? yesNo(!options.detachNormaliser) : null,
      ],
      ["added to the posterior’s denominator", options.posteriorEpsilon || null],
      ...methodRows(run),
      ["backbone", options.arch],
      ["large feature map", yesNo(options.largeFeatureMap ?? false)],
      ["Mixed_6e left out", options.skipMixed6e ? "yes" : null],
      ["first weights", pretrained ?? "random"],
      ["parameters", parameters.toLocaleString("en")],
      ["data", dataset.root],
      ["epochs", recipe.epochs],
      ["batch", `${batchSize} pictures${microBatch ? `, ${microBatch} at once` : ""}`],
      ["learning rate of the features", recipe.lr],
      ["of the last layers", `${recipe.lrClassifierRatio} times that`],
      ["rate falls to a tenth", `at every epoch divisible by ${recipe.lrDecayEvery}`],
      ["Nesterov momentum", recipe.momentum],
      ["weight decay (L2)", recipe.weightDecay],
      [
        "pseudo-targets",
        recipe.teacherDecay === undefined
          ? null
          : `of a moving average of the weights, decay ${recipe.teacherDecay}`,
      ],
      ["pictures", `resized to ${resize}×${resize}, cut to ${crop}×${crop}`],
      ["augmentation", `random cuts${flip ? ", mirrored at random" : ""}`],
      ["seed", recipe.seed],
    ]),
  );
}

/** What the methods of the WSOL benchmark add, alone or with CALM. */
function methodRows({ options, recipe: { has, cutmix, groups } }: FinishedTraining) {
  const { adl, acolThreshold, spgCuts, dropout } = options;
  return [
    ["ADL", adl ? `rate ${adl.rate}, threshold ${adl.threshold}` : null],
    ["ACoL’s threshold", acolThreshold ?? null],
    ["SPG’s thresholds", spgCuts?.map(({ high, low }) => `${high} and ${low}`).join("; ") ?? null],
    ["dropout", dropout ?? null],
    ["hidden cells", has ? `${has.sizes.join(" or ")} pixels, rate ${has.rate}` : null],
    ["CutMix", cutmix ? `β ${cutmix.beta}, probability ${cutmix.probability}` : null],
    ["groups of parameters", groups ? "the WSOL benchmark’s" : null],
  ] satisfies [string, Content][];
}

/** What it ran on, and how fast. */
export function adapterSection(run: FinishedTraining): Markup {
  const { adapter, seconds, imagesPerSecond, resumedAt, test, out } = run;
  const rows: [string, Content][] = [
    ["adapter", adapter.description],
    ["kind", adapter.fallback ? "software: shaders run on the processor" : "GPU"],
    ["time of training", seconds === null ? null : duration(seconds)],
    ["counted from", resumedAt > 0 ? `epoch ${resumedAt}, where it was resumed` : null],
    ["speed", imagesPerSecond === null ? null : speed(imagesPerSecond)],
    ["mean of −log p(ŷ|x), test pictures", test.loss.toFixed(4)],
    ["folder of the run", out],
  ];
  return section("Adapter and time", definitions(rows));
}

function speed(imagesPerSecond: number): string {
  return `${imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0)} pictures a second`;
}

function yesNo(value: boolean): string {
  return value ? "yes" : "no";
}
