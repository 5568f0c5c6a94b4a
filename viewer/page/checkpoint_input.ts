/// <reference lib="dom" />
import type { Gpu } from "../../engine/gpu.ts";
import { type ForeignOptions, type OpenedModel, readModel } from "../../model/stored/open_model.ts";
import { isCalm, lastWeight, type Method, methodKind, PAPER_METHODS } from "../../model/methods.ts";
import { benchmarkNetworkOf } from "../../model/stored/benchmark_names.ts";
import type { Prior } from "../../model/calm/location.ts";
import { CHECKPOINT_FORMAT } from "../../model/stored/restore.ts";
import { blobSource } from "../../weights/byte_source.ts";
import { readStateFile, type StateFile } from "../../weights/state_file.ts";
import { byId } from "./dom.ts";
import { type Architecture, architectureOf, backboneKind } from "../../model/backbones/list.ts";

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
  const network = benchmarkNetworkOf(file);
  const { tensors, methods } = network ?? { tensors: file.tensors, methods: PAPER_METHODS };
  const arch = architectureOf({ tensors });
  // A file that is refused whatever the answers need not be asked about.
  const isModel = arch !== null && tensors.has(lastWeight(methods[0]));
  const foreign = isOurs || !isModel ? {} : await ask(file, { arch, tensors, methods });
  return foreign && await readModel(gpu, file, { ...foreign, say() {} });
}

/** Methods whose titles need words. */
const WORDS: Readonly<Partial<Record<Method, string>>> = {
  "calm-ml": "CALM, marginal likelihood",
  "calm-em": "CALM, expectation-maximisation",
};

/** Shows an input and its label, or neither. */
function show(input: HTMLInputElement | HTMLSelectElement, isWanted: boolean): void {
  for (const element of [input, ...input.labels ?? []]) element.hidden = !isWanted;
}

/** What the file itself shows of its model. */
interface Shown {
  readonly arch: Architecture;
  readonly tensors: StateFile["tensors"];
  /** The methods that it may have been trained by. */
  readonly methods: readonly Method[];
}

function ask(
  { path, notes }: StateFile,
  { arch, tensors, methods }: Shown,
): Promise<ForeignOptions | null> {
  const dialog = byId("foreign", HTMLDialogElement);
  const method = byId("foreign-method", HTMLSelectElement);
  const prior = byId("foreign-prior", HTMLSelectElement);
  const large = byId("foreign-large", HTMLInputElement);
  const mixed = byId("foreign-mixed", HTMLInputElement);
  const crop = byId("foreign-crop", HTMLInputElement);
  const threshold = byId("foreign-threshold", HTMLInputElement);
  const { hasLargeMap, hasLargeMapIn, hasMixed6e } = backboneKind(arch);
  byId("foreign-file", HTMLElement).textContent = `${path} (${arch})`;
  byId("foreign-notes", HTMLElement).textContent = notes.join("; ");
  method.replaceChildren(
    ...methods.map((name) => new Option(WORDS[name] ?? methodKind(name).title, name)),
  );
  method.value = tensors.has("attention.0.weight") ? "calm-em" : methods[0];
  // Some tensors tell the size of their maps themselves.
  const { head } = methodKind(methods[0]);
  const toldBySelf = hasLargeMapIn !== undefined && head !== "acol" && head !== "spg";
  large.parentElement!.hidden = !hasLargeMap || toldBySelf;
  mixed.parentElement!.hidden = !hasMixed6e || methods !== PAPER_METHODS;
  show(prior, methods.some(isCalm));
  show(threshold, head === "acol");
  large.checked = mixed.checked = false;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "open") return resolve(null);
      resolve({
        method: method.value as Method,
        prior: prior.value as Prior,
        acolThreshold: head === "acol" ? threshold.valueAsNumber : undefined,
        largeFeatureMap: large.checked || undefined,
        crop: crop.valueAsNumber,
        skipMixed6e: mixed.checked ? false : undefined,
      });
    }, { once: true })
  );
}
