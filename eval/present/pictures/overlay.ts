import type { Picture } from "../../../data/dataset.ts";
import { denormalise } from "../../../data/transform.ts";
import type { AttributionMap } from "../../maps/explain.ts";
import { type ColourMap, inferno } from "./colour_map.ts";

/** A picture of a batch as it was before normalisation. */
export function pictureOf(images: Float32Array, n: number, extent: number): Picture {
  const data = new Uint8Array(3 * extent * extent);
  const start = 4 * n * extent * extent;
  for (let i = 0; i < extent * extent; i++) {
    for (let c = 0; c < 3; c++) data[3 * i + c] = denormalise(images[start + 4 * i + c], c);
  }
  return { width: extent, height: extent, data };
}

/**
 * A map as colours over the picture. Without `opacity` its light is added to the picture in grey: of
 * colours that begin with black nothing is seen where the map is zero. With it the colours cover so
 * much of the picture in its own colours, as most papers have it.
 *
 * @param top the value of the brightest colour
 * @param colours of the values divided by `top`
 * @param opacity from 0, the picture alone, to 1, the map alone
 */
export function overlay(
  picture: Picture,
  map: AttributionMap,
  top: number,
  colours: ColourMap = inferno,
  opacity: number | null = null,
): Picture {
  const { width, height, data } = picture;
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = top > 0 ? interpolate(map, (x + 0.5) / width, (y + 0.5) / height) / top : 0;
      const colour = colours(value);
      const i = 3 * (y * width + x);
      const grey = 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
      for (const c of [0, 1, 2] as const) {
        out[i + c] = opacity === null
          ? Math.min(255, 0.38 * grey + 0.8 * colour[c])
          : Math.round((1 - opacity) * data[i + c] + opacity * colour[c]);
      }
    }
  }
  return { width, height, data: out };
}

/** Bilinear interpolation with half-pixel centres at a point of the unit square. */
function interpolate({ width, height, values }: AttributionMap, u: number, v: number): number {
  const x = Math.max(0, Math.min(width - 1, u * width - 0.5));
  const y = Math.max(0, Math.min(height - 1, v * height - 0.5));
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  const [x1, y1] = [Math.min(x0 + 1, width - 1), Math.min(y0 + 1, height - 1)];
  const row = (j: number) =>
    values[j * width + x0] * (1 - x + x0) + values[j * width + x1] * (x - x0);
  return row(y0) * (1 - y + y0) + row(y1) * (y - y0);
}
