import { basename } from "node:path";
import { UserError } from "../../engine/errors.ts";
import { verifiedTensors } from "../../weights/checksums.ts";
import { sha256 } from "../../weights/sha256.ts";
import { type OpeningOptions, openStateFile, type StateFile } from "../../weights/state_file.ts";
import {
  type BackboneFit,
  COUNTER,
  fitBackbone,
  placesOf,
  placesOfArchitecture,
} from "./backbone_fit.ts";
import type { Classifier } from "../classifier.ts";
import { take, type WeightReport } from "./fill.ts";
import type { Places } from "../backbones/backbone.ts";
import type { Architecture } from "../backbones/list.ts";
import type { ModelOptions } from "../build.ts";
import { benchmarkNetworkOf } from "./benchmark_names.ts";

/**
 * Starts a model from a pretrained backbone: torchvision's file, or any checkpoint of the same
 * backbone (`fitBackbone`). The classifier is left out.
 *
 * @throws {UserError} when the file is damaged, not the one its name says, lacks tensors of the
 * backbone or is of another network; nothing is changed then
 */
export async function takePretrained(
  model: Classifier,
  path: string,
  arch: Architecture,
  options: OpeningOptions = {},
): Promise<WeightReport> {
  return await withFit(
    path,
    arch,
    { ...options, places: placesOf(model.backbone) },
    async (fit) => {
      const report = await take(model, fit.file, fit.tensors);
      return { ...report, skipped: [...fit.skipped, ...report.skipped] };
    },
  );
}

/**
 * Looks whether a file is a backbone to start from, values aside, and changes nothing.
 *
 * @throws {UserError} as `takePretrained` does
 */
export async function checkPretrained(
  path: string,
  { arch, method }: Pick<ModelOptions, "arch" | "method">,
  options: OpeningOptions = {},
): Promise<void> {
  const places = placesOfArchitecture(arch, method);
  await withFit(path, arch, { ...options, places }, () => Promise.resolve());
}

async function withFit<T>(
  path: string,
  arch: Architecture,
  { places, ...options }: OpeningOptions & { readonly places: Places },
  body: (fit: BackboneFit & { readonly file: StateFile }) => Promise<T>,
): Promise<T> {
  // What is no checkpoint at all is named for what it is before its hash is found wrong.
  const file = await openStateFile(path, options);
  try {
    await checkPublishedName(path);
    const all = verifiedTensors(file);
    const known = benchmarkNetworkOf({ tensors: all, metadata: file.metadata });
    const fit = fitBackbone(arch, places, known?.tensors ?? all);
    if (typeof fit === "string") throw new UserError(`${path} ${fit}${shardHint(path)}`);
    return await body({ ...fit, file });
  } finally {
    file.close();
  }
}

/** Names of the parts of a checkpoint that was divided. */
function shardHint(path: string): string {
  return /-\d{5}-of-\d{5}\./.test(basename(path))
    ? " (it is one of several shards: join them into one file)"
    : "";
}

/**
 * Compares a file with the hash in its published name: the eight hex digits in
 * `resnet50-19c8e357.pth` begin its SHA-256.
 *
 * @throws {UserError} when they do not
 */
export async function checkPublishedName(path: string): Promise<void> {
  const [, digits] = basename(path).match(/-([0-9a-f]{8})\.pth$/) ?? [];
  if (!digits) return;
  const found = await sha256(path);
  if (!found.startsWith(digits)) {
    throw new UserError(
      `${path} is not what its name says: its SHA-256 begins with ${found.slice(0, 8)}, ` +
        `expected ${digits} (was the download cut off?)`,
    );
  }
}

/** The report for a person: numbers, and names as far as they say something. */
export function describeReport({ taken, skipped, fresh }: WeightReport): string {
  const names = (list: readonly string[]) => {
    const modules = [...new Set(list.map((name) => name.replace(/\.[^.]+$/, "")))];
    const shown = modules.slice(0, 6).join(", ");
    return modules.length > 6 ? `${shown} and ${modules.length - 6} more` : shown;
  };
  const counters = skipped.filter((name) => COUNTER.test(name)).length;
  const others = skipped.filter((name) => !COUNTER.test(name));
  const lines = [`${taken.length} tensors taken`];
  if (others.length > 0) lines.push(`${others.length} skipped (${names(others)})`);
  if (counters > 0) lines.push(`${counters} batch counters skipped`);
  if (fresh.length > 0) lines.push(`${fresh.length} new (${names(fresh)})`);
  return lines.join("; ");
}
