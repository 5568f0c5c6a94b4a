/// <reference lib="dom" />
import type { Picture } from "../../data/dataset.ts";
import { UserError } from "../../engine/errors.ts";
import type { Gpu } from "../../engine/gpu.ts";
import { openCheckpoint } from "./checkpoint_input.ts";
import { fileKind } from "./file_kind.ts";
import type { Named } from "./named.ts";
import { decodeInBrowser } from "./picture_input.ts";
import type { Viewer } from "./viewer.ts";

/** The page's own model and pictures. */
export const MODEL = "birds.safetensors";
export const SAMPLES = [
  "northern-mossthrush.jpg",
  "white-striped-brookfinch.jpg",
  "pied-breasted-mossthrush.jpg",
  "eastern-emberchat.jpg",
];

/** One of the page's own files. */
export async function own(path: string): Promise<Blob> {
  const response = await fetch(path);
  if (!response.ok) {
    throw new UserError(`${path} is missing beside this page: ${response.status}`);
  }
  return await response.blob();
}

/** Takes files of the page and of the user into the viewer. */
export class Files {
  #viewer: Viewer;
  #gpu: Gpu;
  #serial = 0;
  /** The user's last picture, to go back to. */
  #picture: Named<Picture> | null = null;

  constructor(viewer: Viewer, gpu: Gpu) {
    this.#viewer = viewer;
    this.#gpu = gpu;
  }

  /** Shows a sample, if it is not shown already. */
  async takeSample(name: string, file?: Blob): Promise<void> {
    const { picture } = this.#viewer;
    if (picture?.serial === 0 && picture.name === name) return;
    await this.#show(file ?? await own(`samples/${name}`), name, 0);
  }

  /** Shows the page's own model, if it is not shown already. */
  async takeOwnModel(file?: Blob): Promise<void> {
    if (this.#viewer.model?.serial === 0) return;
    await this.#open(file ?? await own(MODEL), MODEL, 0, "first");
  }

  /** Shows a picture of the user's. @throws {UserError} saying what it is, where it is none */
  async takePicture(file: Blob, name: string): Promise<void> {
    if (await fileKind(file) === "checkpoint") {
      throw new UserError(
        `${name} is a checkpoint, not a picture: choose it with "Open checkpoint…", or drop it ` +
          "on the page",
      );
    }
    this.#picture = await this.#show(file, name, ++this.#serial);
  }

  /** Opens a checkpoint of the user's. @throws {UserError} saying what it is, where it is none */
  async takeCheckpoint(file: Blob, name: string, place: "first" | "second"): Promise<void> {
    if (await fileKind(file) === "picture") {
      throw new UserError(
        `${name} is a picture, not a checkpoint: choose it with "Open picture…", or drop it on ` +
          "the page",
      );
    }
    await this.#open(file, name, ++this.#serial, place);
  }

  /** Takes a file for what it is, whatever it is called. */
  async takeDropped(file: File, place: "first" | "second"): Promise<void> {
    const kind = await fileKind(file);
    const isPicture = kind === "picture" || (kind === "other" && file.type.startsWith("image/"));
    if (isPicture) await this.takePicture(file, file.name);
    else await this.takeCheckpoint(file, file.name, place);
  }

  /** Shows the user's picture of a number again, if it is still held. */
  async takeAgain(serial: number): Promise<void> {
    if (this.#viewer.picture?.serial === serial) return;
    if (this.#picture?.serial !== serial) {
      throw new UserError(
        "The picture that was shown there is no longer held: please open it again",
      );
    }
    await this.#viewer.takePicture(this.#picture);
  }

  async #show(file: Blob, name: string, serial: number): Promise<Named<Picture>> {
    const value = await this.#viewer.status.during(
      `Reading ${name} …`,
      () => decodeInBrowser(file, name),
    );
    const picture = { name, value, serial };
    await this.#viewer.takePicture(picture);
    return picture;
  }

  async #open(file: Blob, name: string, serial: number, place: "first" | "second"): Promise<void> {
    const value = await this.#viewer.status.during(
      `Reading ${name} …`,
      () => openCheckpoint(this.#gpu, file, name),
    );
    if (!value) return;
    if (place === "first") await this.#viewer.takeModel({ name, value, serial });
    else await this.#viewer.takeSecond({ name, value, serial });
  }
}
