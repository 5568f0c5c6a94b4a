import type { Random } from "../../engine/random.ts";
import { type Surroundings, tones } from "./backdrop.ts";
import { between, type Point } from "./geometry.ts";
import { Scenery } from "./scenery.ts";

/** What stands in focus, things as SVG from back to front. */
export interface Stage {
  /** Behind the bird: its perch, plants. */
  behind: string[];
  /** In front of it; empty in most pictures. */
  front: string[];
}

/**
 * Draws the perch, of distractors (berries, flowers and leaves in colours that birds have) and
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
  const behind: string[] = [];
  if (place === "foliage" || place === "woodland") {
    for (let i = random.int(3); i > 0; i--) {
      behind.push(scenery.twig(scenery.edge(), scenery.middle()));
    }
  }
  if (place === "foliage") {
    for (let i = random.int(5); i > 0; i--) behind.push(scenery.leaf(scenery.anywhere(), 16));
  }
  if (feet) {
    if (place === "rocks" || (place === "water" && random.chance(0.7))) {
      behind.push(scenery.boulder(feet));
    } else if (place === "meadow" && random.chance(0.6)) behind.push(scenery.ground(feet));
    else behind.push(scenery.branch(feet));
  }
  for (let i = random.int(4); i > 0; i--) behind.push(scenery.distractor(scenery.edge()));
  const front: string[] = [];
  if (random.chance(0.22)) {
    const at = random.pick(rim);
    const from = scenery.near(at);
    for (let i = 1 + random.int(3); i > 0; i--) {
      front.push(
        place === "meadow" ? scenery.blade(at) : scenery.leaf(between(at, from, i * 0.2), 13),
      );
    }
  }
  return { behind, front };
}
