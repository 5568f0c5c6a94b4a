import type { Random } from "../../engine/random.ts";
import {
  type Affine,
  apply,
  between,
  compose,
  type Point,
  rotate,
  scale,
  translate,
} from "./geometry.ts";

/*
 * A bird is built in its own units, facing right: the body is about 85 units long, the head's
 * radius is 17, and the whole bird with bill and tail about 140 long and 105 high. The origin lies
 * in the middle of the body.
 */

/** How one bird holds itself. Angles in radians. */
export interface Pose {
  /** On the wing: both wings are spread and the legs dangle. */
  flying: boolean;
  /** Looks over its shoulder: the head faces the tail. */
  lookingBack: boolean;
  /** Raises the bill (negative: lowers it). */
  head: number;
  /** Turns the face towards the viewer, 0 (profile) … 1: the bill gets shorter. */
  turn: number;
  /** Raises the tail. */
  tail: number;
  /** Raises the tip of the folded wing; for flying birds, how far forward the wings beat. */
  wing: number;
  /** Depth of the body relative to its length; 1 is a round songbird. */
  plump: number;
  /** Stands on the near leg, the far one drawn up into the feathers. */
  oneLegged: boolean;
  /** Half the distance of the feet. */
  stride: number;
}

/** A random pose, the same distribution for every species. */
export function drawPose(random: Random): Pose {
  const flying = random.chance(0.12);
  const lookingBack = !flying && random.chance(0.1);
  return {
    flying,
    lookingBack,
    head: random.uniform(-0.3, 0.32),
    turn: random.uniform(0, 1) ** 2,
    tail: random.uniform(-0.22, 0.45),
    wing: random.uniform(-0.1, 0.12),
    plump: random.uniform(0.92, 1.06),
    oneLegged: !flying && random.chance(0.2),
    stride: random.uniform(4, 7.5),
  };
}

/** One leg: where it leaves the belly, the heel, and the foot from which the toes spread. */
export interface Leg {
  hip: Point;
  heel: Point;
  foot: Point;
}

/** Where everything of a posed bird is, in bird units. */
export interface Anatomy {
  /** Closed outline of body and head, without bill, wings, tail and legs. */
  contour: Point[];
  /** Head coordinates: origin in the head's centre, bill towards +x, crown towards −y. */
  head: Affine;
  /** Tail coordinates: origin at the tail's base, the tip towards +x. */
  tail: Affine;
  /** Coordinates of the near wing: origin at the shoulder, the tip towards +x, back towards −y. */
  wing: Affine;
  near: Leg;
  far: Leg;
  /** The boundary between back and flank, from the neck to the tail. */
  flank: Point[];
  /** The boundary between breast and belly, from the wing's bend down. */
  waist: Point[];
}

/** Radius of the head in bird units. */
export const HEAD = 16;

/** Builds the skeleton of a pose. */
export function buildAnatomy(pose: Pose): Anatomy {
  const neck: Point = [22, -16];
  // The outline's head is not mirrored when the bird looks back: it is nearly round.
  const upright = compose(rotate(-pose.head * 0.8, neck), translate(31, -33), scale(1.1));
  const turned: Affine = pose.lookingBack ? [-1, 0, 0, 1, 0, 0] : [1, 0, 0, 1, 0, 0];
  const skull = (x: number, y: number) => apply(upright, [x, y]);
  const low = (x: number, y: number): Point => [x, y * pose.plump];
  const contour: Point[] = [
    skull(-14.2, 6),
    skull(-15.6, -3),
    skull(-11, -12),
    skull(-1, -16.5),
    skull(9.5, -13),
    skull(15.4, -4),
    skull(14.2, 5),
    between(skull(10, 12.5), [42, -17], 0.3),
    [41.5, -5],
    low(37, 11),
    low(23, 27),
    low(2, 35),
    low(-17, 34),
    [-33, 28],
    [-46, 23],
    [-49, 17],
    [-41, 7],
    [-24, -7],
    [-6, -17],
    between(skull(-13, 12), [7, -22], 0.6),
  ];
  const tailBase: Point = [-41, 15];
  const leg = (x: number, foot: number, lift: number): Leg =>
    pose.flying
      ? { hip: low(x - 8, 29), heel: low(x - 14, 37), foot: low(x - 17 + lift, 53 - lift) }
      : { hip: low(x, 30), heel: low(x - 4.5, 38), foot: low(foot, 56 - lift) };
  return {
    contour,
    head: compose(upright, turned),
    tail: compose(translate(...tailBase), [-1, 0, 0, 1, 0, 0], rotate(0.32 - pose.tail)),
    wing: pose.flying
      ? compose(translate(16, -9), rotate(-1.8 - pose.wing * 2.5))
      : compose(translate(24, -4), [-1, 0, 0, 1, 0, 0], rotate(0.36 - pose.wing)),
    near: leg(-1, 1 - pose.stride, 0),
    far: leg(6, 5 + pose.stride, 2),
    flank: [[23, -17], [12, -7], [-6, 0], [-22, 7], [-36, 16], [-50, 24]],
    waist: [[20, -20], [15, -5], [14, 8], [19, 20], [24, 34]],
  };
}
