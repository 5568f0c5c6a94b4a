import { join } from "node:path";
import type { Command } from "./command.ts";
import type { Dataset } from "../data/dataset.ts";
import { expectSameClasses } from "../data/class_names.ts";
import { exists } from "../data/files.ts";
import { DATASET_NAMES } from "../data/open.ts";
import { UserError } from "../engine/errors.ts";
import { ATTRIBUTION_KINDS, type AttributionKind, checkKind } from "../eval/maps/kinds.ts";
import { readClassPairs } from "../eval/measures/cues/paired_pictures.ts";
import { figure5 } from "../eval/present/figures/figure5.ts";
import {
  figure1,
  figure3,
  figure4,
  figure6,
  type NamedModel,
} from "../eval/present/figures/figures.ts";
import { choosePairs, chooseShown, readShown } from "../eval/present/figures/subjects.ts";
import { drawGrid, type Grid } from "../eval/present/pictures/grid.ts";
import { svgToPdf } from "../eval/present/pictures/pdf.ts";
import { expectOwnDrawing } from "../eval/present/report/own_report.ts";
import { expectMeasurable } from "../eval/measures/measures.ts";
import { openSupersets } from "../eval/measures/supersets.ts";
import { isCalm, type Method } from "../model/methods.ts";
import { openGpu } from "../model/open_gpu.ts";
import { openModel } from "../model/stored/open_model.ts";
import { CHECKPOINT, runFolder } from "../model/stored/run_files.ts";
import { writeAtomically } from "../weights/atomic_write.ts";
import { modelsOf } from "./eval/merge.ts";
import { openDatasetOf } from "./eval/model_job.ts";
import { LOOK_OPTIONS, lookOf } from "./look_options.ts";
import { modelNames } from "./model_names.ts";
import { checkpointList, classOf, foreignOptions, MODEL_OPTIONS } from "./model_options.ts";
import { expectFor, expectSome, type ParsedOptions } from "./options.ts";
import { Progress, tellResult } from "./progress.ts";

const FIGURES = ["1", "3", "4", "5", "6"];

/** Figures made of pictures. */
const OF_PICTURES = ["1", "3", "4", "6"];

/** What an option is for, where it is not for every figure. */
const FOR: Readonly<Record<string, readonly string[]>> = {
  "checkpoint": OF_PICTURES,
  "picture": OF_PICTURES,
  "pictures": ["3", "4", "6"],
  "class": ["1", "4"],
  "against": ["1", "3", "4"],
  "map": ["4", "5"],
  "results": ["5"],
  "supersets": ["3", "6"],
  "scale": OF_PICTURES,
  "vmax": OF_PICTURES,
  // Differences are red and blue.
  "colours": ["1", "3", "6"],
  "opacity": OF_PICTURES,
};

/** `./calm figure N`. */
const figure: Command = {
  spec: {
    name: "figure",
    summary: "Draws a figure of the paper with your models and data, as SVG, PNG and PDF:",
    topics: {
      1: "CAM beside CALM: the maps of two classes, and their difference",
      3: "every kind of map of CALM",
      4: "counterfactual maps of all methods, beside the parts in which the classes differ",
      5: "curves of remove-and-classify, of what eval all has measured",
      6: "the map of a class, summed over its superset, and over all classes",
    },
    positionals: ["N"],
    options: {
      ...MODEL_OPTIONS,
      checkpoint: {
        type: "text",
        value: "FILE,…",
        help:
          "the models (default runs/DATASET-METHOD/checkpoint.safetensors, those that are there)",
      },
      dataset: { type: "choice", choices: DATASET_NAMES, help: "whose pictures", default: "birds" },
      data: { type: "text", value: "DIR", help: "the data set's folder (docs/data_sets.md)" },
      picture: {
        type: "text",
        value: "ID",
        help:
          "a test picture by its name in the lists (default the first that all models get right)",
      },
      pictures: { type: "integer", min: 1, help: "rows of figures 3, 4 and 6", default: 3 },
      class: { type: "text", value: "NAME", help: "1, 4: the class A, of the picture" },
      against: { type: "text", value: "NAME", help: "1, 3, 4: the class B, or y′" },
      map: {
        type: "text",
        value: "KIND,…",
        help: "4: other maps of a model of CAM (default gradient); 5: only these (default all): " +
          ATTRIBUTION_KINDS.join(", "),
      },
      results: {
        type: "text",
        value: "DIR",
        help: "5: what eval all or eval --counts left (default runs/eval-DATASET)",
      },
      supersets: {
        type: "text",
        value: "FILE|DIR",
        help: "3, 6: a supersets.json or WordNet's files (default classes with the same last word)",
      },
      ...LOOK_OPTIONS,
      out: { type: "text", value: "DIR", help: "where to write", default: "figures" },
    },
    examples: [
      "./calm figure 1",
      "./calm figure 4 --map gradient,smooth-grad --pictures 6",
      "./calm figure 6 --dataset ilsvrc --data ~/wsol --supersets ~/wordnet \\\n" +
      "      --checkpoint last_checkpoint.pth.tar --method calm-em --large-feature-map",
    ],
  },
  async run(options) {
    const [number] = options.positionals;
    if (!FIGURES.includes(number)) {
      throw new UserError(`./calm figure takes ${FIGURES.join(", ")}, not ${number ?? "nothing"}`);
    }
    expectFor(
      number,
      options,
      FOR,
      (numbers) => `figure${numbers.length > 1 ? "s" : ""} ${numbers.join(", ")}`,
    );
    const progress = new Progress();
    const path = join(options.setting("out"), `figure${number}`);
    await expectOwnDrawing(path);
    const drawn = number === "5"
      ? await curves(options)
      : await pictures(number, options, progress);
    await writeAtomically(`${path}.svg`, new TextEncoder().encode(drawn.svg));
    await writeAtomically(`${path}.png`, drawn.png);
    await writeAtomically(`${path}.pdf`, await svgToPdf(drawn.svg));
    tellResult(`${path}.png, .svg and .pdf`);
    return {
      figure: Number(number),
      png: `${path}.png`,
      svg: `${path}.svg`,
      pdf: `${path}.pdf`,
    };
  },
};

export default figure;

/** Figure 5, of counts that were kept. */
async function curves(options: ParsedOptions) {
  expectSome("map", options, ATTRIBUTION_KINDS);
  const folder = options.text("results") ??
    join("runs", `eval-${options.setting("dataset")}`);
  if (!await exists(folder)) {
    throw new UserError(`There is no ${folder}: ./calm eval all makes it, or name yours --results`);
  }
  const kinds = options.text("map")?.split(",").map((kind) => kind.trim() as AttributionKind);
  return await figure5(await modelsOf([folder]), kinds ?? null);
}

/** The other figures: pictures and maps. */
async function pictures(number: string, options: ParsedOptions, progress: Progress) {
  const dataset = await openDatasetOf(options, progress);
  const gpu = await openGpu();
  try {
    const models: NamedModel[] = [];
    const paths = await checkpointsOf(options, dataset);
    const names = modelNames(paths);
    for (const [i, path] of paths.entries()) {
      const model = await openModel(gpu, path, foreignOptions(options));
      const { options: { classes }, classNames } = model;
      expectSameClasses({ path, classes, classNames }, dataset);
      models.push({ ...model, name: names[i] });
    }
    progress.update(`figure ${number}`, 0, "");
    return await drawGrid(await gridOf(number, models, dataset, options));
  } finally {
    gpu.destroy();
  }
}

async function gridOf(
  number: string,
  models: readonly NamedModel[],
  dataset: Dataset,
  options: ParsedOptions,
): Promise<Grid> {
  const { classes: classNames } = dataset;
  const look = lookOf(options);
  if (look.scale === "shared" && !["1", "6"].includes(number)) {
    throw new UserError(
      `--scale shared is for figures 1 and 6, whose maps are of one kind, not for figure ${number}`,
    );
  }
  if (number === "1") return await figure1(models, (await pairsOf(1))[0], { classNames, look });
  if (number === "4") {
    const gradients = (options.text("map") ?? "gradient").split(",")
      .map((kind) => checkKind({ method: "cam", classes: classNames.length }, kind.trim()));
    for (const kind of gradients) expectMeasurable("cue-localization", kind);
    const pairs = await pairsOf(options.quantity("pictures"));
    return await figure4(models, pairs, { classNames, gradients, look });
  }
  const calm = models.find(({ options: { method } }) => isCalm(method));
  if (!calm) {
    throw new UserError(`Figure ${number} needs a model of CALM: name one with --checkpoint`);
  }
  const id = options.text("picture");
  const shown = id === undefined
    ? await chooseShown(dataset, [calm], options.quantity("pictures"))
    : [await readShown(dataset, id)];
  const path = options.text("supersets");
  const superset = path === undefined ? undefined : await openSupersets(path, classNames);
  if (number === "6") return await figure6(calm, shown, { classNames, superset, look });
  return await figure3(calm, shown, {
    ...{ classNames, superset, look },
    against: wanted("against"),
  });

  function wanted(option: string): number | undefined {
    const text = options.text(option);
    return text === undefined ? undefined : classOf(option, text, classNames, classNames.length);
  }

  async function pairsOf(count: number) {
    const [a, b] = [wanted("class"), wanted("against")];
    if (a !== undefined && a === b) {
      throw new UserError(
        `--class and --against are both "${options.text("class")}", expected two classes`,
      );
    }
    const all = await readClassPairs(dataset.root);
    const pairs = all.filter(({ classes }) =>
      (a === undefined || classes.includes(a)) && (b === undefined || classes.includes(b))
    );
    if (pairs.length === 0) {
      throw new UserError("No pair of these classes differs in one to three parts only");
    }
    const id = options.text("picture");
    if (id !== undefined) await readShown(dataset, id);
    // Figure 1 shows a pair that differs in two parts, figure 4 some of each number.
    const byParts = (parts: number) => pairs.filter((pair) => pair.parts.length === parts);
    const mixed = [byParts(1), byParts(2), byParts(3)];
    const turns = Array.from({ length: pairs.length }, (_, i) => mixed.flatMap((p) => p[i] ?? []));
    const ordered = count === 1 ? [...byParts(2), ...byParts(1), ...byParts(3)] : turns.flat();
    return await choosePairs(dataset, models, { pairs: ordered, count, id, a, b });
  }
}

/** The checkpoints that were named, or those that training left for the data set. */
async function checkpointsOf(options: ParsedOptions, { name }: Dataset): Promise<string[]> {
  const given = options.text("checkpoint");
  if (given !== undefined) return checkpointList(given);
  const found: string[] = [];
  // CALM_EM is the paper's choice, so a figure of one model of CALM is of it.
  for (const method of ["cam", "calm-em", "calm-ml"] satisfies Method[]) {
    const path = join(runFolder(name, method), CHECKPOINT);
    if (await exists(path)) found.push(path);
  }
  if (found.length > 0) return found;
  throw new UserError(
    `There is no runs/${name}-cam, -calm-ml or -calm-em: ./calm train --dataset ${name} ` +
      "--method cam makes one, or name yours with --checkpoint",
  );
}
