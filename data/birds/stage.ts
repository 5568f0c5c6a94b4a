import type { Random } from "../../engine/random.ts";
import { type Surroundings, tones } from "./backdrop.ts";
import { between, type Point } from "./geometry.ts";
import { Scenery } from "./scenery.ts";

/** What stands in focus: behind the bird (its perch, plants) and in front of it. */
export interface Stage {
  behind: string;
  /** Empty in most pictures. */
  front: string;
}

/**
 * SVG of the perch, of distractors (berries, flowers and leaves in colours that birds have) and
 * now and then of leaves or grass in front of the bird.
 *
 * @param feet where the bird stands, or nothing for a bird on the wing.
 * @param rim points on the bird's edge, where things in front of it may come in.
 */
export function drawStage(
  surroundings: Surroundings,
  width: number,
  height: number,
  feet: readonly Point[] | undefined,
  rim: readonly Point[],
  random: Random,
): Stage {
  const { place, hue } = surroundings;
  // Bark and stone vary less in hue than leaves and water.
  const earth = tones({ ...surroundings, hue: hue * 0.2 });
  const scenery = new Scenery(random, tones(surroundings), earth, width, height);
  let behind = "";
  if (place === "foliage" || place === "woodland") {
    for (let i = random.int(3); i > 0; i--) {
      behind += scenery.twig(scenery.edge(), scenery.middle());
    }
  }
  if (place === "foliage") {
    for (let i = random.int(5); i > 0; i--) behind += scenery.leaf(scenery.anywhere(), 16);
  }
  if (feet) {
    if (place === "rocks" || (place === "water" && random.chance(0.7))) {
      behind += scenery.boulder(feet);
    } else if (place === "meadow" && random.chance(0.6)) behind += scenery.ground(feet);
    else behind += scenery.branch(feet);
  }
  for (let i = random.int(4); i > 0; i--) behind += scenery.distractor(scenery.edge());
  let front = "";
  if (random.chance(0.22)) {
    const at = random.pick(rim);
    const from = scenery.near(at);
    for (let i = 1 + random.int(3); i > 0; i--) {
      front += place === "meadow"
        ? scenery.blade(at)
        : scenery.leaf(between(at, from, i * 0.2), 13);
    }
  }
  return { behind, front };
}
