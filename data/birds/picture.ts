import { encodeJpegRgba } from "../codecs.ts";
import type { DrawnBird, KeyPoint } from "./bird.ts";
import { apply, type Point } from "./geometry.ts";
import { encodeGreyPng } from "./raster.ts";
import { type PictureRequest, Scene } from "./scene.ts";

export type { PictureRequest };

/** CUB's fifteen parts in the order of their ids 1 … 15. */
export const CUB_PARTS = [
  "back",
  "beak",
  "belly",
  "breast",
  "crown",
  "forehead",
  "left eye",
  "left leg",
  "left wing",
  "nape",
  "right eye",
  "right leg",
  "right wing",
  "tail",
  "throat",
] as const;

/** A picture and what is known of it, in pixels. */
export interface Picture {
  width: number;
  height: number;
  jpeg: Uint8Array<ArrayBuffer>;
  /** Grey PNG of the same size: 255 bird, 0 anything else, antialiased between. */
  mask: Uint8Array<ArrayBuffer>;
  /** Left, top, width and height of the smallest rectangle around the mask. */
  box: readonly [x: number, y: number, width: number, height: number];
  /** Positions of CUB's parts; null for what cannot be seen. */
  parts: (Point | null)[];
}

/**
 * Draws one picture. The same request gives the same bytes; requests that differ only in one
 * part of the appearance give pictures that differ only there.
 */
export async function drawPicture(request: PictureRequest): Promise<Picture> {
  const scene = await Scene.of(request);
  const { bird, silhouette, ...pixels } = scene.render();
  const { width, height } = pixels;
  return {
    width,
    height,
    jpeg: await encodeJpegRgba(pixels),
    mask: encodeGreyPng(silhouette, width, height),
    box: boxOf(silhouette, width),
    parts: locate(bird, scene, silhouette),
  };
}

function boxOf(mask: Uint8Array, width: number): [number, number, number, number] {
  let [left, top, right, bottom] = [width, Infinity, -1, -1];
  mask.forEach((value, i) => {
    if (value < 128) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), y];
  });
  return [left, top, right - left + 1, bottom - top + 1];
}

function locate(
  bird: DrawnBird,
  { pose, mirrored, toPixels, width, height }: Scene,
  mask: Uint8Array,
): (Point | null)[] {
  // A bird that faces right shows its right side; one that looks back shows the other cheek.
  const side = mirrored ? "left" : "right";
  return CUB_PARTS.map((part) => {
    const [first, organ] = part.split(" ");
    let name = part as KeyPoint;
    if (organ) {
      const near = (first === side) !== (organ === "eye" && pose.lookingBack);
      name = `${near ? "near" : "far"} ${organ}` as KeyPoint;
    }
    const point = bird.points.get(name);
    if (!point) return null;
    const [x, y] = apply(toPixels, point).map((value) => Math.round(value * 10) / 10);
    const [column, row] = [Math.floor(x), Math.floor(y)];
    const within = column >= 0 && row >= 0 && column < width && row < height;
    return within && mask[row * width + column] >= 128 ? [x, y] : null;
  });
}
