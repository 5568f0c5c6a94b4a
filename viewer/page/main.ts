/// <reference lib="dom" />
import { UserError } from "../../engine/errors.ts";
import type { Gpu } from "../../engine/gpu.ts";
import { openCheckpoint } from "./checkpoint_input.ts";
import { byId, make } from "./dom.ts";
import { decodeInBrowser } from "./picture_input.ts";
import { openWebGpu } from "./support.ts";
import { Viewer } from "./viewer.ts";

const MODEL = "birds.safetensors";
const SAMPLES = [
  "northern-mossthrush.jpg",
  "white-striped-brookfinch.jpg",
  "pied-breasted-mossthrush.jpg",
  "eastern-emberchat.jpg",
];

const problem = byId("problem", HTMLElement);

/** What a user can mend is one sentence; anything else is for the console, too. */
function tell(error: unknown): void {
  if (!(error instanceof UserError)) console.error(error);
  problem.textContent = error instanceof Error ? error.message : String(error);
  problem.hidden = false;
}

/** Runs what a user started, and tells what goes wrong. */
async function attempt(work: () => Promise<void>): Promise<void> {
  problem.hidden = true;
  await work().catch(tell);
}

/** One of the page's own files. */
async function own(path: string): Promise<Blob> {
  const response = await fetch(path);
  if (!response.ok) {
    throw new UserError(`${path} is missing beside this page: ${response.status}`);
  }
  return await response.blob();
}

async function takePicture(viewer: Viewer, file: Blob, name: string): Promise<void> {
  await viewer.takePicture({ name, value: await decodeInBrowser(file, name) });
}

async function takeCheckpoint(viewer: Viewer, gpu: Gpu, file: Blob, name: string): Promise<void> {
  const value = await openCheckpoint(gpu, file, name);
  if (value) await viewer.takeModel({ name, value });
}

/** A file is a picture where the browser takes it for one, and a checkpoint otherwise. */
async function takeFile(viewer: Viewer, gpu: Gpu, file: File): Promise<void> {
  if (file.type.startsWith("image/")) await takePicture(viewer, file, file.name);
  else await takeCheckpoint(viewer, gpu, file, file.name);
}

function listen(viewer: Viewer, gpu: Gpu): void {
  for (const id of ["picture-file", "checkpoint-file"]) {
    const input = byId(id, HTMLInputElement);
    input.addEventListener("change", () => {
      const [file] = input.files ?? [];
      // Emptied, so that choosing the same file again is a change.
      const take = id === "picture-file"
        ? () => takePicture(viewer, file, file.name)
        : () => takeCheckpoint(viewer, gpu, file, file.name);
      if (file) attempt(take).finally(() => input.value = "");
    });
  }
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) attempt(() => takeFile(viewer, gpu, file));
  });
  document.addEventListener("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (file) attempt(() => takeFile(viewer, gpu, file));
  });
  byId("samples", HTMLElement).append(...SAMPLES.map((name) => {
    const title = name.replace(/\.\w+$/, "").replaceAll("-", " ");
    const image = make("img", { src: `samples/${name}`, alt: "", width: 56, height: 56 });
    const button = make("button", { type: "button", title, ariaLabel: `Sample: ${title}` }, image);
    button.addEventListener("click", () =>
      attempt(async () => {
        await takePicture(viewer, await own(`samples/${name}`), name);
      }));
    return button;
  }));
}

async function start(): Promise<void> {
  const files = Promise.all([own(MODEL), own(`samples/${SAMPLES[0]}`)]);
  // Awaited below; a browser without WebGPU does not wait for them.
  files.catch(() => {});
  const support = await openWebGpu();
  if ("missing" in support) {
    byId("viewer", HTMLElement).hidden = true;
    throw new UserError(support.missing);
  }
  const viewer = new Viewer(tell);
  listen(viewer, support.gpu);
  const [model, picture] = await files;
  await takePicture(viewer, picture, SAMPLES[0]);
  await takeCheckpoint(viewer, support.gpu, model, MODEL);
}

await attempt(start);
