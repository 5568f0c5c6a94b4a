import { decodePicture, encodePng } from "../../data/codecs.ts";
import type { Picture } from "../../data/dataset.ts";
import { Gpu } from "../../engine/gpu.ts";
import { type OpenedModel, openModel } from "../../model/stored/open_model.ts";
import { fileURLToPath } from "node:url";
import { Examination } from "../../viewer/page/examination.ts";

/** The model that comes with the page. */
export const MODEL = fileURLToPath(new URL("../../viewer/birds.safetensors", import.meta.url));

/** A sample as pixels and as PNG: every decoder makes the same of it, unlike of a JPEG. */
export async function samplePng(name: string): Promise<{ picture: Picture; png: Uint8Array }> {
  const file = new URL(`../../viewer/samples/${name}.jpg`, import.meta.url);
  const picture = await decodePicture(await Deno.readFile(file), name);
  return { picture, png: await encodePng(picture) };
}

/** Runs `body` with the page's model, opened here, on Deno's WebGPU. */
export async function withModel(
  body: (opened: OpenedModel, gpu: Gpu) => Promise<void>,
): Promise<void> {
  const gpu = await Gpu.request();
  try {
    await body(await openModel(gpu, MODEL), gpu);
  } finally {
    gpu.destroy();
  }
}

/** What the page's model says of a picture here. */
export async function examineHere(
  picture: Picture,
  body: (examination: Examination) => Promise<void>,
): Promise<void> {
  await withModel(async (opened) => await body(await Examination.of(opened, picture)));
}
