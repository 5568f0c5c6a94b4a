import { join } from "node:path";
import type { Command } from "../cli.ts";
import { encodePng } from "../data/codecs.ts";
import { exists } from "../data/files.ts";
import { resizeLikePillow } from "../data/resize.ts";
import { UserError } from "../engine/errors.ts";
import { type AttributionMap, mapKinds, runnerUp } from "../eval/attribution/explain.ts";
import { ATTRIBUTION_KINDS, type AttributionKind, checkKind } from "../eval/attribution/kinds.ts";
import { mapsOfPicture } from "../eval/attribution/picture_maps.ts";
import { encodeNpy } from "../eval/npy.ts";
import { type Cell, drawGrid, mapCell } from "../eval/pictures/grid.ts";
import { MAP_TITLES } from "../eval/pictures/map_titles.ts";
import { readable, shortNumber } from "../eval/pictures/svg.ts";
import { upscale } from "../eval/upscale.ts";
import { openGpu } from "../model/open_gpu.ts";
import { type OpenedModel, openModel } from "../model/open_model.ts";
import { writeAtomically } from "../weights/atomic_write.ts";
import { type PictureFile, pictureFiles, readUpright } from "./explain/pictures.ts";
import { checkpointOf, classOf, foreignOptions, MODEL_OPTIONS } from "./model_options.ts";
import type { ParsedOptions } from "./options.ts";
import { Progress } from "./progress.ts";

/** Maps with negative values. */
const SIGNED: readonly AttributionKind[] = ["counterfactual", "cam"];

/** Pictures side by side. */
const PER_ROW = 4;

/** Pixels of the long side of what is drawn; larger photographs are made smaller. */
const LONG_SIDE = 1024;

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
    const kinds = wantedKinds(options.text("map"), opened);
    if (kinds.includes("subset") && !options.has("classes")) {
      throw new UserError("--map subset needs --classes NAME,…: the classes to add up");
    }
    if (kinds.includes("counterfactual") && opened.options.classes === 1) {
      throw new UserError(
        `--map counterfactual tells a class from another one, and the model of ${checkpoint} ` +
          "knows one class only",
      );
    }
    const outputs = [];
    const figures = [];
    for (const [i, file] of files.entries()) {
      if (files.length > 1) progress.update("explaining", i / files.length, file.path);
      const { maps, figure } = await explainOne(file, kinds, opened, options, progress);
      outputs.push(...maps);
      figures.push(figure);
    }
    return { checkpoint, outputs, figures };
  } finally {
    gpu.destroy();
  }
}

async function explainOne(
  { path, name: stem }: PictureFile,
  kinds: readonly AttributionKind[],
  opened: OpenedModel,
  options: ParsedOptions,
  progress: Progress,
) {
  const { classNames, crop, options: { classes } } = opened;
  const picture = await readUpright(path);
  // The network saw the whole picture, so its maps lie over the whole of it, whatever its aspect.
  const zoom = Math.min(1, LONG_SIDE / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((side) => Math.round(side * zoom));
  const shown = zoom < 1 ? resizeLikePillow(picture, width, height) : picture;
  const wanted = (option: string, text = options.text(option)) =>
    text === undefined ? undefined : classOf(option, text, classNames, classes);
  const subset = options.text("classes")?.split(",").map((text) => wanted("classes", text.trim())!);
  const batchMaps = mapsOfPicture(opened, picture, {
    against: wanted("against"),
    superset: subset && (() => subset),
  });
  const [{ probabilities, predicted }] = await batchMaps.explanations();
  const label = wanted("class") ?? predicted;
  const against = wanted("against") ?? runnerUp(probabilities, label);
  const nameOf = (y: number) => classNames?.[y] ?? `class ${y}`;
  const told = (y: number) => `p(y|x) = ${shortNumber(probabilities[y])}`;
  const folder = options.text("out") ?? "explained";

  const maps = [];
  const cells: Cell[] = [{
    heading: { title: "picture" },
    picture: shown,
    caption: [readable(nameOf(label)), told(label) + (label === predicted ? ", predicted" : "")],
  }];
  for (const kind of kinds) {
    const map = (await batchMaps.of(kind, [[label]]))(0, label);
    const signed = SIGNED.includes(kind);
    const other = kind === "counterfactual" ? against : null;
    const about = other !== null
      ? [`less ${readable(nameOf(other))}`, told(other)]
      : kind === "subset"
      ? [`${subset!.length} classes`]
      : [];
    const cell = mapCell(shown, map, { signed, caption: about });
    cells.push({ ...cell, heading: titleOf(kind) });
    const file = join(folder, `${stem}-${kind}-${label}`);
    await writeAtomically(`${file}.png`, await encodePng(cell.picture));
    const npy = options.flag("npy") ? `${file}.npy` : null;
    if (npy) await writeAtomically(npy, options.flag("resize") ? scaled(map, crop) : raw(map));
    const probability = probabilities[label];
    maps.push({
      ...{ image: path, map: kind, class: nameOf(label), npy, png: `${file}.png`, probability },
      ...(other !== null ? { against: nameOf(other) } : {}),
    });
  }
  const rows = [];
  for (let from = 0; from < cells.length; from += PER_ROW) {
    rows.push({ cells: cells.slice(from, from + PER_ROW) });
  }
  const { svg, png } = await drawGrid({ columns: [], rows });
  const figure = join(folder, stem);
  await writeAtomically(`${figure}.svg`, new TextEncoder().encode(svg));
  await writeAtomically(`${figure}.png`, png);
  progress.line(`${figure}.png  ${nameOf(label)}, ${told(label)}: ${kinds.join(", ")}`);
  return { maps, figure: { image: path, svg: `${figure}.svg`, png: `${figure}.png` } };
}

function titleOf(kind: AttributionKind): { title: string; formula: string } {
  const [title, formula] = MAP_TITLES[kind];
  return { title, formula };
}

/** Float32, at the map's own resolution. */
function raw({ values, width, height }: AttributionMap): Uint8Array {
  return encodeNpy(Float32Array.from(values), [height, width]);
}

/** Float32, at the resolution of the network's input. */
function scaled(map: AttributionMap, side: number): Uint8Array {
  return encodeNpy(Float32Array.from(upscale(map, side)), [side, side]);
}

function wantedKinds(text: string | undefined, { model }: OpenedModel): AttributionKind[] {
  if (text === undefined) return [mapKinds(model)[0]];
  return text.split(",").map((kind) => checkKind(model.method, kind.trim()));
}
