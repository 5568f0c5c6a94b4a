import type { Command } from "./command.ts";
import { generateBirds } from "../data/birds/generate.ts";
import { checkData } from "../data/check.ts";
import type { Counts } from "../data/check/findings.ts";
import { BIRDS_FOLDER } from "../data/open.ts";
import { UserError } from "../engine/errors.ts";
import { untilInterrupted } from "./interrupts.ts";
import type { ParsedOptions } from "./options.ts";
import { Progress, tellResult } from "./progress.ts";

/** `./calm data`: draws the birds, or checks a folder of pictures. */
const data: Command = {
  spec: {
    name: "data",
    summary: "Draws the birds, or checks a data set's folder:",
    topics: {
      birds: "draws the birds data set in CUB-200-2011's layout",
      check: "looks through a folder of CUB-200-2011, or one in wsolevaluation's layout (CUB, " +
        "ILSVRC, OpenImages), reads the headers of its pictures, and says all that is missing or " +
        "inconsistent, and what fetches it",
    },
    positionals: ["birds|check", "DIR"],
    options: {
      classes: { type: "integer", min: 2, max: 200, help: "species to draw", default: 12 },
      train: { type: "integer", min: 1, help: "training pictures per species", default: 60 },
      test: { type: "integer", min: 1, help: "test pictures per species", default: 20 },
      size: { type: "integer", min: 32, max: 1024, help: "long side in pixels", default: 128 },
      seed: { type: "integer", min: 0, help: "of the pictures", default: 0 },
      "background-correlation": {
        type: "number",
        min: 0,
        max: 1,
        help: "how often the surroundings give the species away",
        default: 0,
      },
      "drop-parts": {
        type: "number",
        min: 0,
        max: 1,
        help: "share of training pictures whose bird lacks parts",
        default: 0,
      },
      workers: { type: "integer", min: 1, max: 64, help: "threads to draw with" },
      decode: { type: "flag", help: "check: decode every picture rather than read its header" },
    },
    examples: [
      "./calm data birds",
      "./calm data birds datasets/many --classes 200 --train 30 --test 30",
      "./calm data check ~/CUB_200_2011",
      "./calm data check ~/wsolevaluation --decode",
    ],
  },
  async run(options) {
    const [action, folder] = options.positionals;
    const other = Object.keys(data.spec.options)
      .find((name) => options.has(name) && (name === "decode") !== (action === "check"));
    if (other !== undefined && (action === "birds" || action === "check")) {
      throw new UserError(`--${other} is not for ./calm data ${action}`);
    }
    if (action === "birds") return await drawBirds(folder ?? BIRDS_FOLDER, options);
    if (action === "check" && folder) return await checkFolder(folder, options.flag("decode"));
    throw new UserError(
      action === "check"
        ? "./calm data check needs the folder to check"
        : `./calm data takes birds or check, not ${action ? `"${action}"` : "nothing"}`,
    );
  },
};

export default data;

async function drawBirds(folder: string, options: ParsedOptions) {
  const progress = new Progress();
  const { images } = await untilInterrupted((signal) =>
    generateBirds(folder, {
      classes: options.quantity("classes"),
      trainPerClass: options.quantity("train"),
      testPerClass: options.quantity("test"),
      size: options.quantity("size"),
      seed: options.quantity("seed"),
      backgroundCorrelation: options.quantity("background-correlation"),
      dropParts: options.quantity("drop-parts"),
      workers: options.number("workers"),
      signal,
      onProgress: (done, total) => progress.update("drawing", done / total, `${done} of ${total}`),
    })
  );
  tellResult(`${images} pictures are in ${folder}`);
  return { folder, images };
}

async function checkFolder(root: string, decode: boolean) {
  const progress = new Progress();
  const { folder, kind, problems, remarks, downloads, sets } = await checkData(root, {
    decode,
    onProgress: (what, done, total) => progress.update(what, done / total, `${done} of ${total}`),
  });
  progress.clear();
  const say = (heading: string, lines: readonly string[]) => {
    if (lines.length > 0) tellResult(`${heading}\n${lines.map((l) => `  ${l}`).join("\n")}`);
  };
  say("Problems:", problems);
  say("Remarks:", remarks);
  say("What is missing comes with:", downloads);
  const counts = Object.entries(sets);
  for (const [name, { classes, train, val, test }] of counts) {
    tellResult(
      `${counts.length > 1 ? `${name} in ` : ""}${folder} is ` +
        `${problems.length > 0 ? "not complete" : "complete"}: ${classes} classes, ` +
        `${train} training${val > 0 ? `, ${val} validation` : ""} and ${test} test pictures`,
    );
  }
  const total = (key: keyof Counts) => counts.reduce((sum, [, own]) => sum + own[key], 0);
  return {
    ...{ folder, kind, problems, remarks, downloads },
    ...{ classes: total("classes"), train: total("train"), val: total("val"), test: total("test") },
    sets,
    failed: problems.length > 0,
  };
}
