import { fileURLToPath } from "node:url";
import { decodePicture } from "../../data/codecs.ts";
import { writeNormalised } from "../../data/transform.ts";

/** Side of the photograph. */
export const PHOTOGRAPH_SIDE = 224;

/** tests/goldens/photograph.jpg as networks are fed it, `[1, 224, 224, 3]`, channels padded to 4. */
export async function readPhotograph(): Promise<Float32Array<ArrayBuffer>> {
  const path = fileURLToPath(new URL("../goldens/photograph.jpg", import.meta.url));
  const out = new Float32Array(4 * PHOTOGRAPH_SIDE ** 2);
  writeNormalised(await decodePicture(await Deno.readFile(path), path), PHOTOGRAPH_SIDE, out, 0);
  return out;
}

/** Square cuts of it, one picture after the other. */
export function cut(
  photograph: Float32Array,
  side: number,
  places: readonly (readonly [top: number, left: number])[],
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(places.length * side ** 2 * 4);
  for (const [n, [top, left]] of places.entries()) {
    for (let y = 0; y < side; y++) {
      const from = 4 * ((top + y) * PHOTOGRAPH_SIDE + left);
      out.set(photograph.subarray(from, from + 4 * side), 4 * side * (n * side + y));
    }
  }
  return out;
}
