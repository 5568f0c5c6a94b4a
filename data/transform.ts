import { Random } from "../engine/random.ts";
import type { Picture } from "./dataset.ts";

/** Mean of ImageNet's pictures in [0, 1], by channel. */
export const IMAGENET_MEAN = [0.485, 0.456, 0.406] as const;
/** Standard deviation of ImageNet's pictures in [0, 1], by channel. */
export const IMAGENET_DEVIATION = [0.229, 0.224, 0.225] as const;

/**
 * The official recipe. In training a picture is resized to `resize × resize` whatever its aspect,
 * cut to `crop × crop` at a random place and mirrored half of the time; otherwise it is resized to
 * `crop × crop`. Then values go to [0, 1] and are normalised with ImageNet's mean and deviation.
 */
export interface Transform {
  /** Side of the resized picture in pixels. */
  readonly resize: number;
  /** Side of what the network sees. */
  readonly crop: number;
  /** Mirror half of the training pictures. */
  readonly flip: boolean;
}

/** Where a training picture is cut and whether it is mirrored. */
export interface Augmentation {
  /** First row of the cut. */
  readonly top: number;
  /** First column of the cut. */
  readonly left: number;
  /** Left and right are exchanged. */
  readonly mirror: boolean;
}

/**
 * The augmentation of one picture in one epoch. It depends on nothing else, so neither the order
 * of workers nor an interruption changes it.
 */
export function drawAugmentation(
  { resize, crop, flip }: Transform,
  { seed, epoch, index }: { readonly seed: number; readonly epoch: number; readonly index: number },
): Augmentation {
  const random = Random.of(seed, 0xa06, epoch, index);
  const room = resize - crop + 1;
  return { top: random.int(room), left: random.int(room), mirror: flip && random.chance(0.5) };
}

const NO_AUGMENTATION: Augmentation = { top: 0, left: 0, mirror: false };

/** Normalised value of every byte, by channel. */
const TABLES = IMAGENET_MEAN.map((mean, c) =>
  Float32Array.from({ length: 256 }, (_, v) => (v / 255 - mean) / IMAGENET_DEVIATION[c])
);

/** A byte's normalised value back as a byte, for pictures of what the network saw. */
export function denormalise(value: number, channel: number): number {
  const level = 255 * (value * IMAGENET_DEVIATION[channel] + IMAGENET_MEAN[channel]);
  return Math.max(0, Math.min(255, Math.round(level)));
}

/**
 * Writes a normalised `crop × crop` cut of a picture at `out[offset]`, in the engine's layout:
 * `[crop, crop, 3]` with the channels padded to 4 by a zero.
 */
export function writeNormalised(
  { width, data }: Picture,
  crop: number,
  out: Float32Array,
  offset: number,
  { top, left, mirror }: Augmentation = NO_AUGMENTATION,
): void {
  const [red, green, blue] = TABLES;
  for (let y = 0; y < crop; y++) {
    let from = 3 * ((top + y) * width + left + (mirror ? crop - 1 : 0));
    const step = mirror ? -3 : 3;
    let to = offset + 4 * y * crop;
    for (let x = 0; x < crop; x++) {
      out[to] = red[data[from]];
      out[to + 1] = green[data[from + 1]];
      out[to + 2] = blue[data[from + 2]];
      out[to + 3] = 0;
      from += step;
      to += 4;
    }
  }
}

/** Side of normalised pictures in pixels: they are square, their channels padded to 4. */
export function extentOf(
  { images, size }: { readonly images: ArrayLike<number>; readonly size: number },
): number {
  return Math.sqrt(images.length / (4 * size));
}
