import type { Command } from "../cli.ts";
import type { Picture } from "../data/dataset.ts";
import { exists } from "../data/files.ts";
import { UserError } from "../engine/errors.ts";
import { mapKinds } from "../eval/attribution/explain.ts";
import { ATTRIBUTION_KINDS, type AttributionKind, checkKind } from "../eval/attribution/kinds.ts";
import { openGpu } from "../model/open_gpu.ts";
import { type OpenedModel, openModel } from "../model/open_model.ts";
import { type Asked, drawExplanation } from "./explain/draw.ts";
import { expectNothingLost } from "./explain/outputs.ts";
import { pictureFiles, readUpright } from "./explain/pictures.ts";
import { checkpointOf, classOf, foreignOptions, MODEL_OPTIONS } from "./model_options.ts";
import type { ParsedOptions } from "./options.ts";
import { Progress, tellResult, warn } from "./progress.ts";

/** `./calm explain IMAGE …`. */
const explainCommand: Command = {
  spec: {
    name: "explain",
    summary:
      "Draws where a model looks. Of each picture OUT/NAME.png and .svg have the picture and\n" +
      "its maps side by side, with colour bars; OUT/NAME-MAP-CLASS.png one map alone. Pictures are\n" +
      "JPEG, PNG or WebP files, folders of them, or patterns.",
    positionals: ["IMAGE…"],
    options: {
      ...MODEL_OPTIONS,
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
      out: { type: "text", value: "DIR", help: "where to write", default: "explained" },
    },
    examples: [
      "./calm explain bird.jpg --map joint,saliency,grad-cam --npy",
      "./calm explain holiday/ --class wren",
      "./calm explain bird.jpg --map counterfactual --class 3 --against 5",
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
  const checkpoint = checkpointOf(options);
  if (!options.has("checkpoint") && !await exists(checkpoint)) {
    throw new UserError(
      `There is no ${checkpoint} yet: ./calm train makes one, or name yours with --checkpoint`,
    );
  }
  const progress = new Progress();
  const gpu = await openGpu();
  try {
    const opened = await openModel(gpu, checkpoint, foreignOptions(options));
    const asked = askedOf(options, opened);
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
      const { maps, figure, line } = await drawExplanation(file, picture, opened, asked);
      outputs.push(...maps);
      figures.push(figure);
      tellResult(line);
    }
    if (outputs.length === 0) {
      throw new UserError(`None of the ${files.length} pictures is sound: ${skipped[0].reason}`);
    }
    return { checkpoint, outputs, figures, skipped };
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
    throw new UserError(`${error.message}; --skip-corrupt leaves such pictures out`);
  }
}

/** What of each picture is to be drawn, and where. */
function askedOf(options: ParsedOptions, opened: OpenedModel): Asked {
  const { classNames, options: { classes } } = opened;
  const named = (option: string, text: string | undefined) =>
    text === undefined ? null : classOf(option, text.trim(), classNames, classes);
  const kinds = wantedKinds(options.text("map"), opened);
  const asked: Asked = {
    kinds,
    label: named("class", options.text("class")),
    against: named("against", options.text("against")),
    subset: options.text("classes")?.split(",").map((text) => named("classes", text)!) ?? null,
    npy: options.flag("npy") ? options.flag("resize") ? "resized" : "raw" : null,
    folder: options.text("out") ?? "explained",
  };
  if (kinds.includes("subset") && !asked.subset) {
    throw new UserError("--map subset needs --classes NAME,…: the classes to add up");
  }
  if (kinds.includes("counterfactual") && asked.label !== null && asked.label === asked.against) {
    throw new UserError(
      `--class and --against are both "${options.text("class")}", expected two classes`,
    );
  }
  return asked;
}

function wantedKinds(text: string | undefined, { model }: OpenedModel): AttributionKind[] {
  if (text === undefined) return [mapKinds(model)[0]];
  return text.split(",").map((kind) => checkKind(model, kind.trim()));
}
