import type { Random } from "../../engine/random.ts";
import type { Layer } from "./raster.ts";

/** How a picture is lit and taken. */
export interface Light {
  /** From where the light comes: −1 left … 1 right. */
  side: number;
  /** Factors on red, green and blue. */
  tint: readonly [number, number, number];
  contrast: number;
  /** How much the corners darken. */
  vignette: number;
  /** Amplitude of the grain in grey levels. */
  grain: number;
}

/** Random light. */
export function drawLight(random: Random): Light {
  const brightness = random.uniform(0.8, 1.14);
  const warmth = random.normal(0, 0.045);
  return {
    side: random.uniform(-1, 1),
    tint: [
      brightness * (1 + warmth),
      brightness * (1 + random.normal(0, 0.015)),
      brightness * (1 - warmth),
    ],
    contrast: random.uniform(0.88, 1.1),
    vignette: random.uniform(0, 0.3),
    grain: random.uniform(2, 9),
  };
}

/**
 * Lays the layers over a small blurred backdrop and exposes the result to the light.
 *
 * @param far any size; enlarged smoothly to the size of the layers.
 * @param layers from back to front, all of one size.
 * @returns interleaved RGBA bytes.
 */
export function expose(
  far: Layer,
  layers: readonly Layer[],
  light: Light,
  random: Random,
): Uint8ClampedArray<ArrayBuffer> {
  const { width, height } = layers[0];
  const out = new Uint8ClampedArray(width * height * 4);
  const { side, tint, contrast, vignette, grain } = light;
  const columns = spline(far.width, width);
  const rows = spline(far.height, height);
  const line = new Float32Array(far.width * 4);
  for (let y = 0; y < height; y++) {
    const v = (y + 0.5) / height;
    const [above, at, below] = rows[y].sources.map((row) => row * far.width * 4);
    const [wa, wb, wc] = rows[y].weights;
    for (let i = 0; i < line.length; i++) {
      line[i] = wa * far.pixels[above + i] + wb * far.pixels[at + i] + wc * far.pixels[below + i];
    }
    for (let x = 0; x < width; x++) {
      const u = (x + 0.5) / width;
      const { sources, weights } = columns[x];
      const i = (y * width + x) * 4;
      const distance = (u - 0.5) ** 2 + (v - 0.5) ** 2;
      const shine = (1 + side * (u - 0.5) * 0.25) * (1 - vignette * distance * 2);
      const noise = random.bits();
      for (let c = 0; c < 3; c++) {
        let value = weights[0] * line[sources[0] * 4 + c] + weights[1] * line[sources[1] * 4 + c] +
          weights[2] * line[sources[2] * 4 + c];
        for (const { pixels } of layers) value = pixels[i + c] + value * (1 - pixels[i + 3] / 255);
        value = (value * tint[c] * shine - 118) * contrast + 118;
        // Grain: mostly in brightness (the upper byte), a little in each colour.
        const speck = (noise >>> 24) - 127.5 + ((noise >>> (8 * c) & 255) - 127.5) * 0.5;
        out[i + c] = value + speck / 127.5 * grain * 0.6;
      }
      out[i + 3] = 255;
    }
  }
  return out;
}

/** For each of `to` samples the three of `from` it is mixed from, by a quadratic B-spline. */
function spline(from: number, to: number) {
  const clamp = (index: number) => Math.min(Math.max(index, 0), from - 1);
  return Array.from({ length: to }, (_, i) => {
    const position = (i + 0.5) * from / to - 0.5;
    const nearest = Math.round(position);
    const t = position - nearest;
    return {
      sources: [clamp(nearest - 1), clamp(nearest), clamp(nearest + 1)],
      weights: [(0.5 - t) ** 2 / 2, 0.75 - t * t, (0.5 + t) ** 2 / 2],
    };
  });
}
