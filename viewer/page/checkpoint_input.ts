/// <reference lib="dom" />
import type { Gpu } from "../../engine/gpu.ts";
import { type ForeignOptions, type OpenedModel, readModel } from "../../model/stored/open_model.ts";
import type { Method } from "../../model/methods.ts";
import type { Prior } from "../../model/calm/location.ts";
import { CHECKPOINT_FORMAT } from "../../model/stored/restore.ts";
import { blobSource } from "../../weights/byte_source.ts";
import { readStateFile, type StateFile } from "../../weights/state_file.ts";
import { byId } from "./dom.ts";
import { architectureOf, backboneKind } from "../../model/backbones/list.ts";

/**
 * Builds the model in a checkpoint. Files of other programs do not say how they were trained: the
 * user is asked.
 *
 * @returns null when the user does not want to say
 * @throws {UserError} when the file is damaged or of a network that is not known
 */
export async function openCheckpoint(
  gpu: Gpu,
  blob: Blob,
  name: string,
): Promise<OpenedModel | null> {
  const file = await readStateFile(blobSource(blob, name));
  const isOurs = file.metadata.format === CHECKPOINT_FORMAT;
  // A file that is refused whatever the answers need not be asked about.
  const isModel = architectureOf(file) !== null && file.tensors.has("conv_last.weight");
  const foreign = isOurs || !isModel ? {} : await ask(file);
  return foreign && await readModel(gpu, file, foreign);
}

function ask(file: StateFile): Promise<ForeignOptions | null> {
  const dialog = byId("foreign", HTMLDialogElement);
  const method = byId("foreign-method", HTMLSelectElement);
  const prior = byId("foreign-prior", HTMLSelectElement);
  const large = byId("foreign-large", HTMLInputElement);
  const mixed = byId("foreign-mixed", HTMLInputElement);
  const crop = byId("foreign-crop", HTMLInputElement);
  const arch = architectureOf(file);
  const { hasLargeMap, hasLargeMapIn, hasMixed6e } = backboneKind(architectureOf(file)!);
  byId("foreign-file", HTMLElement).textContent = `${file.path} (${arch})`;
  byId("foreign-notes", HTMLElement).textContent = file.notes.join("; ");
  method.value = file.tensors.has("attention.0.weight") ? "calm-em" : "cam";
  // Some tensors tell the size of their maps themselves.
  large.parentElement!.hidden = !hasLargeMap || hasLargeMapIn !== undefined;
  mixed.parentElement!.hidden = !hasMixed6e;
  large.checked = mixed.checked = false;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "open") return resolve(null);
      resolve({
        method: method.value as Method,
        prior: prior.value as Prior,
        largeFeatureMap: large.checked || undefined,
        crop: crop.valueAsNumber,
        skipMixed6e: mixed.checked ? false : undefined,
      });
    }, { once: true })
  );
}
