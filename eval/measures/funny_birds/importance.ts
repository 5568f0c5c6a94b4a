import { PARTS } from "../../../data/birds/parts.ts";
import type { Scene } from "../../../data/birds/scene.ts";
import type { AttributionMap } from "../../maps/explain.ts";
import { upscale } from "../../maps/upscale.ts";
import { SIDE } from "../wsol/object_mask.ts";

/** How much of a map lies on the parts and on the background's objects. */
export interface Importance {
  /** In the order of `PARTS`. */
  readonly parts: readonly number[];
  /** In the order of the scene's objects. */
  readonly objects: readonly number[];
  /** The sum of the whole map, negative values included. */
  readonly total: number;
}

/** Where parts and objects are, at `SIDE × SIDE` pixels: the pixels of each, dilated. */
export interface Regions {
  readonly parts: readonly Uint32Array[];
  readonly objects: readonly Uint32Array[];
}

// FunnyBirds dilates by 5 × 5 pixels, in pictures of 256.
const REACH = 2;
// The smallest change of a channel, of 255, that can be seen: an object's pixels change by more.
const VISIBLE = 8;

/**
 * Finds what is seen of each part and of each object: a part's pixels are those of the scene's part
 * map, an object's those that change when it is left out.
 */
export function regionsOf(scene: Scene): Regions {
  const { width, height } = scene;
  const map = scene.partMap();
  const { data } = scene.render();
  const region = (shows: (pixel: number) => boolean) => dilated(width, height, shows);
  return {
    parts: PARTS.map((_, i) => region((pixel) => map[pixel] === i + 1)),
    objects: Array.from({ length: scene.objects }, (_, object) => {
      const without = scene.render({ hidden: [object] }).data;
      return region((pixel) =>
        [0, 1, 2].some((c) => Math.abs(data[4 * pixel + c] - without[4 * pixel + c]) >= VISIBLE)
      );
    }),
  };
}

/** The pixels of a region at `SIDE × SIDE`, and those that are no further from it than 2 pixels. */
function dilated(
  width: number,
  height: number,
  shows: (pixel: number) => boolean,
): Uint32Array<ArrayBuffer> {
  const found = new Uint8Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const [column, row] = [(x + 0.5) / SIDE * width, (y + 0.5) / SIDE * height].map(Math.floor);
      if (!shows(row * width + column)) continue;
      for (let v = Math.max(0, y - REACH); v <= Math.min(SIDE - 1, y + REACH); v++) {
        found.fill(1, v * SIDE + Math.max(0, x - REACH), v * SIDE + Math.min(SIDE, x + REACH + 1));
      }
    }
  }
  return Uint32Array.from([...found.keys()].filter((pixel) => found[pixel] === 1));
}

/** Sums a map up, scaled up to `SIDE × SIDE`, within each region. */
export function importanceOf(map: AttributionMap, { parts, objects }: Regions): Importance {
  const scores = upscale(map, SIDE);
  const within = (pixels: Uint32Array) => pixels.reduce((sum, pixel) => sum + scores[pixel], 0);
  return {
    parts: parts.map(within),
    objects: objects.map(within),
    total: scores.reduce((a, b) => a + b, 0),
  };
}
