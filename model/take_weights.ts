import { basename } from "node:path";
import { UserError } from "../engine/errors.ts";
import { sha256 } from "../weights/sha256.ts";
import type { StoredTensor } from "../weights/host_tensor.ts";
import { openStateFile } from "../weights/state_file.ts";
import type { Architecture } from "./build.ts";
import type { Classifier } from "./classifier.ts";
import { COUNTER, take, type WeightReport } from "./take_all.ts";

/** What the official code removes from torchvision's files, and the last layer of any other. */
const NOT_PRETRAINED = /^(fc|classifier|AuxLogits|Mixed_7\w|conv_last|optimizer)\./;

/**
 * Starts a model from a pretrained backbone: torchvision's file, or any checkpoint of the same
 * backbone. The classifier is left out; VGG's `features.N` are matched in their order, for leaving
 * a pooling out shifts their numbers.
 *
 * @throws {UserError} when the file is damaged, not the one its name says, or of another network
 */
export async function takePretrained(
  model: Classifier,
  path: string,
  arch: Architecture,
): Promise<WeightReport> {
  await checkPublishedName(path);
  const file = await openStateFile(path);
  try {
    const tensors = new Map(
      [...file.tensors].filter(([name]) => !NOT_PRETRAINED.test(name) && !COUNTER.test(name)),
    );
    const aligned = arch.startsWith("vgg") ? alignFeatures(tensors, model) : tensors;
    const report = await take(model, file, aligned);
    if (!report.taken.some((name) => model.backbone.isFeature(name))) {
      throw new UserError(
        `${path} holds none of the features of ${arch}: its first tensor is ` +
          `${[...file.tensors.keys()][0]}`,
      );
    }
    const skipped = [...file.tensors.keys()].filter((name) =>
      NOT_PRETRAINED.test(name) || COUNTER.test(name)
    );
    return { ...report, skipped: [...skipped, ...report.skipped] };
  } finally {
    file.close();
  }
}

/** Renames `features.N` to the model's numbers, in their order. */
function alignFeatures(
  tensors: ReadonlyMap<string, StoredTensor>,
  model: Classifier,
): ReadonlyMap<string, StoredTensor> {
  const pattern = /^features\.(\d+)\./;
  const numbers = (names: Iterable<string>) => {
    const found = [...names].flatMap((name) => pattern.exec(name)?.[1] ?? []);
    return [...new Set(found.map(Number))].sort((a, b) => a - b);
  };
  const from = numbers(tensors.keys());
  const to = numbers([...model.state()].map(({ name }) => name));
  const renamed = [...tensors].map(([name, tensor]): [string, StoredTensor] => {
    const place = to[from.indexOf(Number(pattern.exec(name)?.[1]))];
    return [place === undefined ? name : name.replace(pattern, `features.${place}.`), tensor];
  });
  return new Map(renamed);
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
