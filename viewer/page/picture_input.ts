/// <reference lib="dom" />
import type { Picture } from "../../data/dataset.ts";
import { UserError } from "../../engine/errors.ts";

/** Larger pictures do not fit a canvas everywhere. */
const MOST_PIXELS = 40_000_000;

/**
 * Decodes a picture that the browser can show, turned as its EXIF orientation says; what is
 * transparent lies on white. Colours are taken as they are stored, as by the command line.
 *
 * @param name names the picture in messages
 * @throws {UserError} when the browser cannot decode it
 */
export async function decodeInBrowser(file: Blob, name: string): Promise<Picture> {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" }).catch(() => {
    throw new UserError(`${name} is not a picture that this browser can decode`);
  });
  const { width, height } = bitmap;
  if (width * height > MOST_PIXELS) {
    bitmap.close();
    throw new UserError(
      `${name} has ${width} × ${height} pixels, expected at most ${MOST_PIXELS / 1e6} million`,
    );
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
