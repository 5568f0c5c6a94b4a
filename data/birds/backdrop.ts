import type { Random } from "../../engine/random.ts";
import { hsl } from "./palette.ts";
import { curve, oval, type Point, short } from "./geometry.ts";

/** Places where birds are pictured. */
export const PLACES = ["foliage", "woodland", "sky", "rocks", "water", "meadow"] as const;

/** What a picture's surroundings look like before any detail is drawn. */
export interface Surroundings {
  place: typeof PLACES[number];
  /** Shift of the place's usual hue in degrees: fresh green leaves, autumn leaves, … */
  hue: number;
  /** Factor on the colours' saturation. */
  saturation: number;
  /** Shift of lightness in percent. */
  light: number;
}

/** Makes a CSS colour from hue (degrees), saturation and lightness (percent). */
export type Tones = (hue: number, saturation: number, lightness: number) => string;

/** Random surroundings. */
export function drawSurroundings(random: Random): Surroundings {
  return {
    place: random.pick(PLACES),
    hue: random.normal(0, 1) * random.uniform(5, 35),
    saturation: random.uniform(0.45, 1.15),
    light: random.uniform(-14, 12),
  };
}

/** The colours of some surroundings: each one shifted as the place's colours are. */
export function tones({ hue, saturation, light }: Surroundings): Tones {
  return (h, s, l) => hsl(h + hue, s * saturation, l + light);
}

/** What lies far behind the bird and out of focus, as SVG, from back to front. */
export interface Backdrop {
  /** Sky or soil: a plain gradient. */
  ground: string;
  /** Leaves, trunks, clouds, rocks, waves or grass; they overlap and let each other through. */
  texture: string;
  /** Distant flowers and fruit, one by one. */
  flowers: string[];
  /** Spots of light; empty in half of the pictures. */
  lights: string;
}

/**
 * Draws what lies far behind the bird. It is rasterised at a fraction of the picture's size and
 * enlarged, which blurs it at no cost. Width and height in picture units.
 */
export function drawBackdrop(
  surroundings: Surroundings,
  width: number,
  height: number,
  random: Random,
): Backdrop {
  const color = tones(surroundings);
  const place = (): Point => [random.uniform(-5, width + 5), random.uniform(-5, height + 5)];
  const blob = (at: Point, size: number, fill: string, opacity: number, stretch = 1) =>
    `<path d="${
      oval(at, size, size * stretch, random.uniform(0, 3))
    }" fill="${fill}" fill-opacity="${short(opacity)}"/>`;
  const sky = (top: string, bottom: string) =>
    `<linearGradient id="far" x1="0" y1="0" x2="${short(random.uniform(-0.3, 0.3))}" y2="1">` +
    `<stop offset="0" stop-color="${top}"/><stop offset="1" stop-color="${bottom}"/>` +
    `</linearGradient><rect x="-5" y="-5" width="${width + 10}" height="${height + 10}" ` +
    `fill="url(#far)"/>`;
  const many = (count: number, draw: () => string) => Array.from({ length: count }, draw);
  const leaves = (count: number, hue: number) =>
    many(count, () =>
      blob(
        place(),
        random.uniform(5, 17),
        color(hue + random.normal(0, 14), random.uniform(30, 70), random.uniform(16, 62)),
        random.uniform(0.4, 0.9),
        random.uniform(0.35, 0.9),
      ));
  const trunks = (count: number, light: number) =>
    many(count, () => {
      const x = random.uniform(0, width);
      const lean = random.normal(0, 12);
      return `<path d="M${short(x)} -5L${short(x + lean)} ${height + 5}" stroke="${
        color(28, random.uniform(12, 35), light + random.uniform(-12, 12))
      }" stroke-width="${short(random.uniform(3, 15))}"/>`;
    });
  let ground: string;
  let texture: string[];
  switch (surroundings.place) {
    case "foliage":
      ground = sky(color(95, 45, 48), color(105, 45, 24));
      texture = leaves(26, 100);
      break;
    case "woodland":
      ground = sky(color(70, 18, 58), color(40, 24, 26));
      texture = [...trunks(7, 34), ...leaves(9, 80)];
      break;
    case "sky":
      ground = sky(color(212, 62, 56), color(204, 45, 84));
      texture = many(
        random.int(7),
        () =>
          blob(place(), random.uniform(8, 26), color(210, 15, 94), random.uniform(0.3, 0.7), 0.4),
      );
      break;
    case "rocks":
      ground = sky(color(32, 14, 62), color(28, 16, 34));
      texture = many(16, () =>
        blob(
          place(),
          random.uniform(8, 24),
          color(30 + random.normal(0, 10), random.uniform(5, 24), random.uniform(22, 74)),
          0.8,
          random.uniform(0.4, 0.7),
        ));
      break;
    case "water":
      ground = sky(color(198, 35, 62), color(206, 48, 32));
      texture = many(26, () => {
        const [x, y] = place();
        const reach = random.uniform(10, 40);
        return `<path d="${
          curve([[x - reach, y], [x, y + random.uniform(-2, 2)], [x + reach, y]], false)
        }" fill="none" stroke="${
          color(200, random.uniform(20, 60), random.pick([24, 36, 56, 72, 88]))
        }" stroke-opacity="0.6" stroke-width="${short(random.uniform(1.5, 5))}"/>`;
      });
      break;
    case "meadow":
      ground = sky(color(90, 40, 66), color(88, 46, 34));
      texture = many(34, () => {
        const x = random.uniform(0, width);
        const top = random.uniform(0, height * 0.8);
        const tint = color(
          80 + random.normal(0, 16),
          random.uniform(30, 70),
          random.uniform(26, 66),
        );
        return `<path d="M${short(x)} ${height + 5}Q${short(x)} ${short(height * 0.6)} ${
          short(x + random.normal(0, 14))
        } ${short(top)}" fill="none" stroke="${tint}" stroke-opacity="0.7" stroke-width="${
          short(random.uniform(1.5, 5))
        }"/>`;
      });
  }
  // Distant flowers, fruit and spots of light, in colours that birds have, too.
  const flowers = many(random.int(7), () =>
    blob(
      place(),
      random.uniform(2.5, 8),
      hsl(random.int(360), random.uniform(30, 85), random.uniform(30, 80)),
      random.uniform(0.5, 0.95),
    ));
  const lights = random.chance(0.5)
    ? many(
      random.int(10),
      () => blob(place(), random.uniform(4, 13), "#fff", random.uniform(0.06, 0.3)),
    )
    : [];
  return { ground, texture: texture.join(""), flowers, lights: lights.join("") };
}
