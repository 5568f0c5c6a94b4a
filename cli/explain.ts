import type { Command } from "./command.ts";
import type { Picture } from "../data/dataset.ts";
import { expectSameClasses } from "../data/class_names.ts";
import { exists } from "../data/files.ts";
import { UserError } from "../engine/errors.ts";
import type { Gpu } from "../engine/gpu.ts";
import {
  ATTRIBUTION_KINDS,
  type AttributionKind,
  checkKind,
  hasKind,
  isSigned,
  ownKinds,
} from "../eval/maps/kinds.ts";
import { openGpu } from "../model/open_gpu.ts";
import { openModel } from "../model/stored/open_model.ts";
import { type Asked, drawExplanation, type NamedModel } from "./explain/draw.ts";
import { expectNothingLost } from "./explain/outputs.ts";
import { pictureFiles, readUpright } from "./explain/pictures.ts";
import { LOOK_OPTIONS, lookOf } from "./look_options.ts";
import { modelNames } from "./model_names.ts";
import {
  checkpointList,
  classOf,
  DEFAULT_CHECKPOINT,
  foreignOptions,
  MODEL_OPTIONS,
} from "./model_options.ts";
import type { ParsedOptions } from "./options.ts";
import { Progress, tellResult, warn } from "./progress.ts";

/** `./calm explain IMAGE …`. */
const explainCommand: Command = {
  spec: {
    name: "explain",
    summary:
      "Draws where a model looks. Of each picture OUT/NAME.png and .svg have the picture and " +
      "its maps side by side, with colour bars; OUT/NAME-MAP-CLASS.png one map alone. Pictures are " +
      "JPEG, PNG or WebP files, folders of them, or patterns.",
    positionals: ["IMAGE…"],
    options: {
      ...MODEL_OPTIONS,
      checkpoint: {
        ...MODEL_OPTIONS.checkpoint,
        value: "FILE,…",
        help: `${MODEL_OPTIONS.checkpoint.help}; several stand side by side`,
      },
      map: {
        type: "text",
        value: "KIND,…",
        help: `maps to draw: ${ATTRIBUTION_KINDS.join(", ")} (default joint, for CAM cam-max)`,
      },
      class: {
        type: "text",
        value: "NAME",
        help: "class by index or name (default the likeliest)",
      },
      against: {
        type: "text",
        value: "NAME",
        help: "counterfactual: the class to subtract (default the likeliest other one)",
      },
      classes: {
        type: "text",
        value: "NAME,…",
        help: "subset: the classes to add up",
      },
      npy: {
        type: "flag",
        help: "also write raw float32 maps, as large as the feature map (gradients: as the input)",
      },
      resize: { type: "flag", help: "with --npy: maps as large as the network's input" },
      "skip-corrupt": { type: "flag", help: "leave damaged pictures out instead of stopping" },
      ...LOOK_OPTIONS,
      out: { type: "text", value: "DIR", help: "where to write", default: "explained" },
    },
    examples: [
      "./calm explain bird.jpg --map joint,saliency,grad-cam --npy",
      "./calm explain holiday/ --class wren",
      "./calm explain bird.jpg --map counterfactual --class 3 --against 5",
      "./calm explain bird.jpg --checkpoint runs/birds-calm-em,runs/birds-cam \\\n" +
      "      --map joint,cam-max,grad-cam",
      "./calm explain *.jpg --checkpoint last_checkpoint.pth.tar --method calm-em \\\n" +
      "      --large-feature-map",
    ],
  },
  run,
};

export default explainCommand;

async function run(options: ParsedOptions) {
  if (options.positionals.length === 0) throw new UserError("./calm explain needs a picture");
  const files = await pictureFiles(options.positionals);
  const checkpoints = checkpointList(options.setting("checkpoint"));
  if (!options.has("checkpoint") && !await exists(DEFAULT_CHECKPOINT)) {
    throw new UserError(
      `There is no ${DEFAULT_CHECKPOINT} yet: ./calm train makes one, or name yours with ` +
        "--checkpoint",
    );
  }
  const progress = new Progress();
  const gpu = await openGpu();
  try {
    const asked = askedOf(options, await openModels(gpu, checkpoints, options));
    await expectNothingLost(files, asked);
    const outputs = [];
    const figures = [];
    const skipped: { image: string; reason: string }[] = [];
    for (const [i, file] of files.entries()) {
      if (files.length > 1) progress.update("explaining", i / files.length, file.path);
      const picture = await readOrSkip(file.path, options.flag("skip-corrupt"), files.length);
      if (picture instanceof UserError) {
        warn(`Left out: ${picture.message}`);
        skipped.push({ image: file.path, reason: picture.message });
        continue;
      }
      const { maps, figure, line } = await drawExplanation(file, picture, asked);
      outputs.push(...maps);
      figures.push(figure);
      tellResult(line);
    }
    if (outputs.length === 0) {
      throw new UserError(`None of the ${files.length} pictures is sound: ${skipped[0].reason}`);
    }
    return { checkpoint: checkpoints.join(","), outputs, figures, skipped };
  } finally {
    gpu.destroy();
  }
}

/** A picture; where damaged ones are left out, what is wrong with it. */
async function readOrSkip(
  path: string,
  skipCorrupt: boolean,
  pictures: number,
): Promise<Picture | UserError> {
  try {
    return await readUpright(path);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (skipCorrupt) return error;
    if (pictures === 1) throw error;
    throw new UserError(`${error.message}; --skip-corrupt leaves such pictures out`, {
      cause: error,
    });
  }
}

/** The models, which have to know the same classes where there are several. */
async function openModels(
  gpu: Gpu,
  checkpoints: readonly string[],
  options: ParsedOptions,
): Promise<NamedModel[]> {
  const names = checkpoints.length > 1 ? modelNames(checkpoints) : [null];
  const models: NamedModel[] = [];
  for (const [i, checkpoint] of checkpoints.entries()) {
    const opened = await openModel(gpu, checkpoint, foreignOptions(options));
    models.push({ name: names[i], checkpoint, opened, kinds: [] });
  }
  const [{ checkpoint: root, opened: { classNames, options: { classes } } }, ...others] = models;
  const known = classNames ?? Array.from({ length: classes }, (_, y) => `class ${y}`);
  for (const { checkpoint: path, opened: { classNames, options: { classes } } } of others) {
    expectSameClasses({ path, classes, classNames }, { root, classes: known });
  }
  return models;
}

/** What of each picture is to be drawn, and where. */
function askedOf(options: ParsedOptions, opened: readonly NamedModel[]): Asked {
  const [{ opened: { classNames, options: { classes } } }] = opened;
  const named = (option: string, text: string | undefined) =>
    text === undefined ? null : classOf(option, text.trim(), classNames, classes);
  const asked: Asked = {
    ...wantedKinds(options.text("map"), opened),
    label: named("class", options.text("class")),
    against: named("against", options.text("against")),
    subset: subsetOf(options.text("classes")?.split(",").map((text) => named("classes", text)!)),
    npy: options.flag("npy") ? options.flag("resize") ? "resized" : "raw" : null,
    look: lookOf(options),
    folder: options.setting("out"),
  };
  const draws = (kind: AttributionKind) => asked.models.some(({ kinds }) => kinds.includes(kind));
  if (draws("subset") && !asked.subset) {
    throw new UserError("--map subset needs --classes NAME,…: the classes to add up");
  }
  const idle = [
    ["classes", draws("subset"), "--map subset"],
    ["against", draws("counterfactual"), "--map counterfactual"],
    ["resize", asked.npy !== null, "--npy"],
  ] as const;
  for (const [option, isUsed, where] of idle) {
    if (options.has(option) && !isUsed) {
      throw new UserError(`--${option} is for ${where}, which is not asked for`);
    }
  }
  if (draws("counterfactual") && asked.label !== null && asked.label === asked.against) {
    throw new UserError(
      `--class and --against are both "${options.text("class")}", expected two classes`,
    );
  }
  if (options.has("colours") && asked.kinds.every(isSigned)) {
    throw new UserError(
      `--colours is for maps without negative values; ${asked.kinds.join(", ")}: red and blue`,
    );
  }
  return asked;
}

/** @throws {UserError} for a class that would be added up twice */
function subsetOf(labels: readonly number[] | undefined): readonly number[] | null {
  const twice = labels?.find((label, i) => labels.indexOf(label) !== i);
  if (twice === undefined) return labels ?? null;
  throw new UserError(`--classes has class ${twice} twice, expected each class once`);
}

/**
 * The maps that are asked for, and those of them that each model has: by default the one that it is
 * about.
 *
 * @throws {UserError} for a map that none of them has
 */
function wantedKinds(text: string | undefined, models: readonly NamedModel[]) {
  const mapped = models.map(({ opened: { model } }) => model);
  const own = mapped.map((model) => ownKinds(model)[0]);
  const wanted = text?.split(",").map((kind) => checkKind(mapped, kind.trim()));
  const kinds = [...new Set(wanted ?? own)];
  const withKinds = models.map((model, i) => {
    const has = wanted ? kinds.filter((kind) => hasKind(mapped[i], kind)) : [own[i]];
    if (has.length === 0) warn(`${model.checkpoint} has none of these maps: ${kinds.join(", ")}`);
    return { ...model, kinds: has };
  });
  return { kinds, models: withKinds };
}
