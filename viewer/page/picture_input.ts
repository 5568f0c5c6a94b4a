/// <reference lib="dom" />
import { decodeCmykJpeg } from "../../data/cmyk_jpeg.ts";
import type { Picture } from "../../data/dataset.ts";
import { readJpegStructure } from "../../data/jpeg_structure.ts";
import { readOrientation, upright } from "../../data/orientation.ts";
import { FORMAT_BYTES, pictureFormat } from "../../data/picture_format.ts";
import { UserError } from "../../engine/errors.ts";

/** Larger pictures do not fit a canvas everywhere. */
const MOST_PIXELS = 40_000_000;

/** The decoder of CMYK, beside the page. */
const TURBO_JPEG = "jpeg-turbo.wasm";

/**
 * Decodes a picture that the browser can show, turned as its EXIF orientation says; what is
 * transparent lies on white. Colours are taken as they are stored, as by the command line; those of
 * CMYK, which browsers convert each in its way, are converted as there.
 *
 * @param name names the picture in messages
 * @throws {UserError} when it is damaged or the browser cannot decode it
 */
export async function decodeInBrowser(file: Blob, name: string): Promise<Picture> {
  return await decodeCmyk(file, name) ?? await decodeByBrowser(file, name);
}

/** A JPEG file of four components; null for other pictures. */
async function decodeCmyk(file: Blob, name: string): Promise<Picture | null> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  const { width, height, components } = readJpegStructure(bytes, name);
  if (components !== 4) return null;
  refuseHuge(width, height, name);
  const turbo = await WebAssembly.compile(await (await fetch(TURBO_JPEG)).arrayBuffer());
  const picture = await decodeCmykJpeg(turbo, bytes, { width, height, path: name });
  return upright(picture, readOrientation(bytes));
}

function refuseHuge(width: number, height: number, name: string): void {
  if (width * height <= MOST_PIXELS) return;
  throw new UserError(
    `${name} has ${width} × ${height} pixels, expected at most ${MOST_PIXELS / 1e6} million`,
  );
}

async function decodeByBrowser(file: Blob, name: string): Promise<Picture> {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" })
    .catch(async () => {
      throw new UserError(await whatItIs(file, name));
    });
  const { width, height } = bitmap;
  try {
    refuseHuge(width, height, name);
  } catch (error) {
    bitmap.close();
    throw error;
  }
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const rgb = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    rgb[to++] = data[from];
    rgb[to++] = data[from + 1];
    rgb[to++] = data[from + 2];
  }
  return { width, height, data: rgb };
}

/** What a file is that the browser cannot decode as a picture. */
async function whatItIs(file: Blob, name: string): Promise<string> {
  const bytes = new Uint8Array(await file.slice(0, FORMAT_BYTES).arrayBuffer());
  try {
    const format = pictureFormat(bytes, name).toUpperCase();
    return `${name} is a damaged ${format} file, or one that this browser cannot decode`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message;
  }
}

/** Draws a picture on a canvas, which takes its size. */
export function draw(canvas: HTMLCanvasElement, { width, height, data }: Picture): void {
  canvas.width = width;
  canvas.height = height;
  const pixels = new ImageData(width, height);
  pixels.data.fill(255);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    pixels.data[to] = data[from];
    pixels.data[to + 1] = data[from + 1];
    pixels.data[to + 2] = data[from + 2];
  }
  canvas.getContext("2d")!.putImageData(pixels, 0, 0);
}
