/// <reference lib="dom" />
import { UserError } from "../../engine/errors.ts";
import { Address } from "./address.ts";
import { byId, make } from "./dom.ts";
import { Files, MODEL, own, SAMPLES } from "./files.ts";
import { latest } from "./latest.ts";
import { openWebGpu } from "./support.ts";
import { Viewer } from "./viewer.ts";

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

function listenForFiles(files: Files): void {
  for (const id of ["picture-file", "checkpoint-file", "second-file"]) {
    const input = byId(id, HTMLInputElement);
    input.addEventListener("change", () => {
      const [file] = input.files ?? [];
      const take = id === "picture-file"
        ? () => files.takePicture(file, file.name)
        : () => files.takeCheckpoint(file, file.name, id === "second-file" ? "second" : "first");
      // Emptied, so that choosing the same file again is a change.
      if (file) attempt(take).finally(() => input.value = "");
    });
  }
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    const isBeside = (event.target as Element).closest("#beside-area, #second") !== null;
    if (file) attempt(() => files.takeDropped(file, isBeside ? "second" : "first"));
  });
  document.addEventListener("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (file) attempt(() => files.takeDropped(file, "first"));
  });
}

function offerSamples(files: Files): void {
  byId("samples", HTMLElement).append(...SAMPLES.map((name) => {
    const title = name.replace(/\.\w+$/, "").replaceAll("-", " ");
    const image = make("img", { src: `samples/${name}`, alt: "", width: 56, height: 56 });
    const button = make("button", { type: "button", title, ariaLabel: `Sample: ${title}` }, image);
    button.addEventListener("click", () => attempt(() => files.takeSample(name)));
    return button;
  }));
}

/** Copies the page's address, and says what of the user's cannot be in it. */
function offerLink(viewer: Viewer): void {
  byId("copy-link", HTMLButtonElement).addEventListener("click", async () => {
    const effect = byId("link-effect", HTMLElement);
    const yours = [
      ...(viewer.picture?.serial ? ["picture"] : []),
      ...(viewer.model?.serial ? ["checkpoint"] : []),
      ...(viewer.second ? ["second checkpoint"] : []),
    ];
    try {
      await navigator.clipboard.writeText(location.href);
    } catch {
      effect.textContent = "This browser does not let the page copy: copy the address that the " +
        "browser shows for this page.";
      return;
    }
    effect.textContent = yours.length === 0
      ? "Copied: the link opens this map again."
      : `Copied, but without your ${yours.join(" and ")}: files of yours never leave this ` +
        "device, and the link opens the page's own in their place.";
  });
}

/** Shows what the page's address says. */
async function visit(address: Address, files: Files, viewer: Viewer): Promise<void> {
  const { link, held } = address.here;
  problem.hidden = true;
  // Classes are those of the page's own model.
  if (held.model === 0) await files.takeOwnModel().catch(tell);
  else if (held.model !== viewer.model?.serial) {
    tell(new UserError("The checkpoint that was shown there is closed: please open it again"));
  }
  const shown = link.picture
    ? files.takeSample(link.picture)
    : held.picture
    ? files.takeAgain(held.picture)
    : Promise.resolve();
  await shown.catch(tell);
  await viewer.follow(link);
}

async function start(): Promise<void> {
  const address = new Address(SAMPLES);
  const { link } = address.here;
  const name = link.picture ?? SAMPLES[0];
  const found = Promise.all([own(MODEL), own(`samples/${name}`)]);
  // Awaited below; a browser without WebGPU does not wait for them.
  found.catch(() => {});
  const support = await openWebGpu();
  if ("missing" in support) {
    byId("viewer", HTMLElement).hidden = true;
    throw new UserError(support.missing);
  }
  const write = () => {
    const { picture, model } = viewer;
    if (picture && model) {
      address.write(viewer.link, { picture: picture.serial, model: model.serial });
    }
  };
  const viewer = new Viewer(tell, write);
  const files = new Files(viewer, support.gpu);
  address.listen(latest(() => visit(address, files, viewer), tell), write);
  listenForFiles(files);
  offerSamples(files);
  offerLink(viewer);
  const [model, picture] = await found;
  await viewer.follow(link);
  await files.takeSample(name, picture);
  await files.takeOwnModel(model);
}

await attempt(start);
