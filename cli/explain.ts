import { basename, extname, join } from "node:path";
import type { Command } from "../cli.ts";
import { decodePicture, encodePng } from "../data/codecs.ts";
import { resizeLikePillow } from "../data/resize.ts";
import { writeNormalised } from "../data/transform.ts";
import { UserError } from "../engine/errors.ts";
import { BatchMaps } from "../eval/attribution/batch_maps.ts";
import { mapKinds } from "../eval/attribution/explain.ts";
import { ATTRIBUTION_KINDS, type AttributionKind, checkKind } from "../eval/attribution/kinds.ts";
import { encodeNpy } from "../eval/npy.ts";
import { inferno, redBlue } from "../eval/pictures/colour_map.ts";
import { overlay } from "../eval/pictures/overlay.ts";
import { openGpu } from "../model/open_gpu.ts";
import { type OpenedModel, openModel } from "../model/open_model.ts";
import { writeAtomically } from "../weights/atomic_write.ts";
import { checkpointOf, foreignOptions, MODEL_OPTIONS } from "./model_options.ts";
import type { ParsedOptions } from "./options.ts";

/** Pixels of the long side of what is drawn; larger photographs are made smaller. */
const LONG_SIDE = 1024;

/** `./calm explain IMAGE …`. */
const explainCommand: Command = {
  spec: {
    name: "explain",
    summary: "Draws where a model looks: attribution maps over pictures, and as .npy.",
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
        help:
          "also write raw float32 maps, at the feature map's resolution; gradient maps at the " +
          "input's",
      },
      out: { type: "text", value: "DIR", help: "where to write", default: "explained" },
    },
    examples: [
      "./calm explain bird.jpg --map joint,saliency,grad-cam --npy",
      "./calm explain bird.jpg --map counterfactual --class 3 --against 5",
      "./calm explain *.jpg --checkpoint last_checkpoint.pth.tar --method calm-em \\\n" +
      "      --large-feature-map",
    ],
  },
  run,
};

export default explainCommand;

async function run(options: ParsedOptions) {
  const images = options.positionals;
  if (images.length === 0) throw new UserError("./calm explain needs a picture");
  const checkpoint = checkpointOf(options);
  if (!options.has("checkpoint") && !await exists(checkpoint)) {
    throw new UserError(
      `There is no ${checkpoint} yet: ./calm train makes one, or name yours with --checkpoint`,
    );
  }
  const gpu = await openGpu();
  try {
    const opened = await openModel(gpu, checkpoint, foreignOptions(options));
    const kinds = wantedKinds(options.text("map"), opened);
    if (kinds.includes("subset") && !options.has("classes")) {
      throw new UserError("--map subset needs --classes NAME,…: the classes to add up");
    }
    const outputs = [];
    for (const image of images) outputs.push(...await explainOne(image, kinds, opened, options));
    return { checkpoint, outputs };
  } finally {
    gpu.destroy();
  }
}

async function explainOne(
  path: string,
  kinds: readonly AttributionKind[],
  { model, classNames, crop, options: { classes } }: OpenedModel,
  options: ParsedOptions,
) {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw new UserError(`${path} cannot be read: ${(error as Error).message}`);
  }
  const picture = await decodePicture(bytes, path);
  const input = new Float32Array(4 * crop * crop);
  writeNormalised(resizeLikePillow(picture, crop, crop), crop, input, 0);
  // The network saw the whole picture, so its maps lie over the whole of it, whatever its aspect.
  const zoom = Math.min(1, LONG_SIDE / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((side) => Math.round(side * zoom));
  const shown = zoom < 1 ? resizeLikePillow(picture, width, height) : picture;
  const wanted = (option: string, text = options.text(option)) =>
    text === undefined ? undefined : classOf(option, text, classNames, classes);
  const subset = options.text("classes")?.split(",").map((text) => wanted("classes", text.trim())!);
  const maps = new BatchMaps(
    model,
    { images: input, size: 1, indices: Uint32Array.of(0) },
    { against: wanted("against"), superset: subset && (() => subset) },
  );
  const [explanation] = await maps.explanations();
  const label = wanted("class") ?? explanation.predicted;
  const name = classNames?.[label] ?? `class ${label}`;
  const probability = explanation.probabilities[label];
  const outputs = [];
  for (const kind of kinds) {
    const map = (await maps.of(kind, [[label]]))(0, label);
    const stem = join(
      options.text("out") ?? "explained",
      `${basename(path, extname(path))}-${kind}-${label}`,
    );
    const signed = kind === "counterfactual" || kind === "cam";
    const top = map.values.reduce((a, b) => Math.max(a, signed ? Math.abs(b) : b), 0);
    const drawn = overlay(shown, map, top, signed ? redBlue : inferno);
    await writeAtomically(`${stem}.png`, await encodePng(drawn));
    const npy = options.flag("npy") ? `${stem}.npy` : null;
    if (npy) {
      const values = Float32Array.from(map.values);
      await writeAtomically(npy, encodeNpy(values, [map.height, map.width]));
    }
    console.error(
      `${stem}.png  ${name}, p(y|x) = ${probability.toFixed(4)}, ${kind} up to ${
        top.toPrecision(3)
      }`,
    );
    outputs.push({ image: path, map: kind, class: name, npy, png: `${stem}.png`, probability });
  }
  return outputs;
}

function wantedKinds(text: string | undefined, { model }: OpenedModel): AttributionKind[] {
  if (text === undefined) return [mapKinds(model)[0]];
  return text.split(",").map((kind) => checkKind(model.method, kind.trim()));
}

function classOf(
  option: string,
  text: string,
  names: readonly string[] | null,
  classes: number,
): number {
  const named = names?.indexOf(text) ?? -1;
  const label = named >= 0 ? named : /^\d+$/.test(text) ? Number(text) : -1;
  if (label < 0 || label >= classes) {
    throw new UserError(
      `--${option} is "${text}", expected a number from 0 to ${classes - 1}` +
        (names ? ` or a name such as ${names[0]}` : ""),
    );
  }
  return label;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
