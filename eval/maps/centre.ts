import type { AttributionMap } from "./explain.ts";

/** Side of the map, that of the WSOL benchmark's: there nothing is scaled. */
const SIDE = 224;

/** Standard deviation: rounded to 256 levels, the map still has a square of every size from 60 on. */
const DEVIATION = SIDE / 2;

/**
 * The centre baseline of the WSOL benchmark (Choe et al., 2020): an isotropic Gaussian at the middle
 * of the picture, whatever it shows. Its boxes are squares around the middle, of any size; the order
 * of its pixels does not depend on the deviation.
 */
export function centreMap(): AttributionMap {
  return map ??= makeMap();
}

/** The same object for all pictures: what is made of it is made once. */
let map: AttributionMap | undefined;

function makeMap(): AttributionMap {
  const bell = Array.from(
    { length: SIDE },
    (_, i) => Math.exp(-(((i - (SIDE - 1) / 2) / DEVIATION) ** 2) / 2),
  );
  const values = Float32Array.from(
    { length: SIDE * SIDE },
    (_, i) => bell[i % SIDE] * bell[Math.floor(i / SIDE)],
  );
  return { width: SIDE, height: SIDE, values };
}
