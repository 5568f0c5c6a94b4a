import { UserError } from "../../engine/errors.ts";
import { verifiedTensors } from "../../weights/checksums.ts";
import { readWeights } from "../../weights/finite.ts";
import type { HostTensor, StoredTensor } from "../../weights/host_tensor.ts";
import { fromFile, shapeInFile } from "../../weights/layout.ts";
import type { StateFile } from "../../weights/state_file.ts";
import type { BackboneKind } from "../backbones/backbone.ts";
import { COUNTER, placesOf } from "./backbone_fit.ts";
import type { Classifier } from "../classifier.ts";
import { isCalm } from "../methods.ts";

/** What became of the tensors of a file. */
export interface WeightReport {
  /** Tensors of the model that the file filled. */
  readonly taken: readonly string[];
  /** Tensors of the file that the model has no place for. */
  readonly skipped: readonly string[];
  /** Tensors of the model that the file does not have: they keep their initial values. */
  readonly fresh: readonly string[];
}

/**
 * Fills a model with the tensors of a checkpoint, all of them. What CAM does not use (the official
 * code stores the prior branch for CAM, too) is left out.
 *
 * @param rename the backbone's, where names in the file may differ from its own
 * @throws {UserError} when a tensor is missing, left over or of another shape
 */
export async function takeAll(
  model: Classifier,
  file: Pick<StateFile, "path" | "metadata" | "tensors">,
  rename?: BackboneKind["rename"],
): Promise<void> {
  const unused = (name: string) =>
    COUNTER.test(name) || (!isCalm(model.method) && name.startsWith("attention."));
  const named = new Map([...verifiedTensors(file)].filter(([name]) => !unused(name)));
  const tensors = rename?.(named, placesOf(model.backbone)) ?? named;
  const { fresh, skipped } = await take(model, file, tensors);
  if (fresh.length > 0) throw new UserError(`${file.path} has no tensor ${fresh[0]}`);
  if (skipped.length > 0) {
    throw new UserError(
      `${file.path} has ${skipped.length} tensors that this model does not: ${skipped[0]} …`,
    );
  }
}

/**
 * Fills what a model and a table of tensors have in common.
 *
 * @throws {UserError} when a shape differs or a value is not finite; nothing is changed then
 */
export async function take(
  model: Classifier,
  { path }: Pick<StateFile, "path">,
  tensors: ReadonlyMap<string, StoredTensor>,
): Promise<WeightReport> {
  const places = new Map([...model.state()].map(({ name, tensor }) => [name, tensor]));
  const taken = [...tensors].filter(([name]) => places.has(name));
  for (const [name, stored] of taken) {
    const expected = shapeInFile(places.get(name)!.shape);
    if (stored.shape.join() !== expected.join()) {
      throw new UserError(
        `${path}: ${name} has shape [${stored.shape}], but this model needs [${expected}]`,
      );
    }
  }
  const read: [name: string, tensor: HostTensor][] = [];
  for (const [name, stored] of taken) read.push([name, await readWeights(path, name, stored)]);
  // Only now, so that a file that does not fit changes nothing.
  for (const [name, tensor] of read) places.get(name)!.write(fromFile(tensor).data);
  return {
    taken: taken.map(([name]) => name),
    skipped: [...tensors.keys()].filter((name) => !places.has(name)),
    fresh: [...places.keys()].filter((name) => !tensors.has(name)),
  };
}
