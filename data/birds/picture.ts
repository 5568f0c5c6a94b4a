import { Random } from "../../engine/random.ts";
import { encodeJpegRgba } from "../codecs.ts";
import { loadRasteriser } from "../rasteriser.ts";
import { drawPose, type Pose } from "./anatomy.ts";
import { drawBackdrop, drawSurroundings } from "./backdrop.ts";
import { drawBird, type DrawnBird, type KeyPoint } from "./bird.ts";
import { type Affine, apply, compose, matrix, type Point, rotate, translate } from "./geometry.ts";
import { drawLight, expose } from "./light.ts";
import { type Appearance, type Part, PARTS } from "./parts.ts";
import { encodeGreyPng, type Layer, rasterise } from "./raster.ts";
import { drawStage } from "./stage.ts";

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

/** What to draw. */
export interface PictureRequest {
  appearance: Appearance;
  seed: number;
  /** From 0. */
  classIndex: number;
  /** Within the class, from 0. */
  pictureIndex: number;
  /** Long side in pixels. */
  size: number;
  /** Probability that the surroundings are those of the class instead of any (0 … 1). */
  backgroundCorrelation: number;
  /** Probability that the bird lacks one to three parts (0 … 1). */
  dropParts: number;
}

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

// Scenes are composed in picture units: the long side is 128 units, whatever its pixels.
const LONG = 128;
// What is out of focus is rasterised with this many pixels along the long side.
const BLURRED = 48;

/**
 * Draws one picture. The same request gives the same bytes; requests that differ only in one
 * part of the appearance give pictures that differ only there.
 */
export async function drawPicture(request: PictureRequest): Promise<Picture> {
  await loadRasteriser();
  const { appearance, seed, classIndex, pictureIndex, size } = request;
  const of = (purpose: number) => Random.of(seed, classIndex, pictureIndex, purpose);

  const pose = drawPose(of(20));
  const format = of(21);
  const short = format.uniform(0.78, 1);
  const [w, h] = format.chance(0.2) ? [LONG * short, LONG] : [LONG, LONG * short];
  const [width, height] = [Math.round(w * size / LONG), Math.round(h * size / LONG)];
  const mirrored = format.chance(0.5);
  const light = drawLight(of(25));
  const missing = chooseMissing(request.dropParts, of(26));
  const stream = [seed, classIndex, pictureIndex] as const;
  const bird = drawBird(appearance, pose, stream, mirrored ? -light.side : light.side, missing);
  const map = place(bird, pose, mirrored, w, h, format);

  const ours = of(22);
  const usual = ours.chance(request.backgroundCorrelation);
  const surroundings = drawSurroundings(usual ? Random.of(606, classIndex) : ours);
  if (usual) surroundings.light += ours.uniform(-4, 4);
  const stage = drawStage(
    surroundings,
    w,
    h,
    pose.flying ? undefined : bird.feet.map((foot) => apply(map, foot)),
    bird.extent.map((point) => apply(map, point)),
    of(24),
  );

  const shrink = BLURRED / LONG;
  const far = rasterise(
    drawBackdrop(surroundings, w, h, of(23)),
    [w, h],
    Math.round(w * shrink),
    Math.round(h * shrink),
  );
  const layer = (elements: string) => rasterise(elements, [w, h], width, height);
  const birdLayer = layer(`<g transform="${matrix(map)}">${bird.svg}</g>`);
  const front = stage.front === "" ? undefined : layer(stage.front);
  const layers = [layer(stage.behind), birdLayer, ...(front ? [front] : [])];
  const silhouette = maskOf(birdLayer, front);

  return {
    width,
    height,
    jpeg: await encodeJpegRgba({ width, height, data: expose(far, layers, light, of(27)) }),
    mask: encodeGreyPng(silhouette, width, height),
    box: boxOf(silhouette, width),
    parts: locate(bird, pose, mirrored, map, size / LONG, silhouette, width, height),
  };
}

/** The map from bird units to picture units: turned, mirrored, scaled and moved at random. */
function place(
  bird: DrawnBird,
  pose: Pose,
  mirrored: boolean,
  width: number,
  height: number,
  random: Random,
): Affine {
  // Birds on the wing lean forward: their bodies are nearly level.
  const turn = pose.flying ? random.uniform(0.05, 0.5) : random.uniform(-0.35, 0.35);
  const turned = compose([mirrored ? -1 : 1, 0, 0, 1, 0, 0], rotate(turn));
  const points = bird.extent.map((point) => apply(turned, point));
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [across, down] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const zoom = random.uniform(0.76, 1) * Math.min(width / across, height / down);
  const x = (width - across * zoom) * random.uniform();
  const y = (height - down * zoom) * random.uniform();
  return compose(translate(x, y), [zoom, 0, 0, zoom, 0, 0], translate(-left, -top), turned);
}

function chooseMissing(probability: number, random: Random): Set<Part> {
  if (!random.chance(probability)) return new Set();
  const order = [...random.permutation(PARTS.length)].map((index) => PARTS[index]);
  return new Set(order.slice(0, 1 + random.int(3)));
}

/** The bird's own coverage less what stands in front of it. */
function maskOf(bird: Layer, front: Layer | undefined): Uint8Array {
  const mask = new Uint8Array(bird.width * bird.height);
  for (let i = 0; i < mask.length; i++) {
    const covered = front ? front.pixels[i * 4 + 3] : 0;
    mask[i] = Math.round(bird.pixels[i * 4 + 3] * (255 - covered) / 255);
  }
  return mask;
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
  pose: Pose,
  mirrored: boolean,
  map: Affine,
  pixels: number,
  mask: Uint8Array,
  width: number,
  height: number,
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
    const [x, y] = apply(map, point).map((value) => Math.round(value * pixels * 10) / 10);
    const [column, row] = [Math.floor(x), Math.floor(y)];
    const within = column >= 0 && row >= 0 && column < width && row < height;
    return within && mask[row * width + column] >= 128 ? [x, y] : null;
  });
}
