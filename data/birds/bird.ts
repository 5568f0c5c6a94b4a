import { Random } from "../../engine/random.ts";
import { type Anatomy, buildAnatomy, HEAD, type Pose } from "./anatomy.ts";
import { type Dye, individualDye } from "./palette.ts";
import {
  type Affine,
  apply,
  compose,
  curve,
  matrix,
  type Point,
  rotate,
  translate,
} from "./geometry.ts";
import { headPoints, paintCrest, paintFace, paintHead } from "./head.ts";
import { paintLeg } from "./legs.ts";
import type { Appearance, Part } from "./parts.ts";
import { type Area, fringe, paintArea, scallops } from "./plumage.ts";
import { paintTail, TAIL_LENGTH } from "./tail.ts";
import { foldedWing, spreadWing } from "./wing.ts";

/** Key points that can be seen, by side: of eyes, legs and wings the near one and the far one. */
export type KeyPoint =
  | "back"
  | "beak"
  | "belly"
  | "breast"
  | "crown"
  | "forehead"
  | "near eye"
  | "near leg"
  | "near wing"
  | "nape"
  | "far eye"
  | "far leg"
  | "far wing"
  | "tail"
  | "throat";

/** A drawn bird in bird units (see anatomy.ts). */
export interface DrawnBird {
  svg: string;
  /** Positions of what is not hidden by the bird itself; parts that were left out are missing. */
  points: Map<KeyPoint, Point>;
  /** Extreme points, for fitting the bird into a picture. */
  extent: Point[];
  /** Where the feet stand. */
  feet: Point[];
}

/**
 * Draws a bird.
 *
 * Each part draws from a random stream of its own, made from `stream`, so that exchanging the
 * looks of one part changes no other pixel than those of that part.
 *
 * @param without parts to leave out: tail, wing, legs and face are not drawn, areas of the body
 * lose their colour and pattern to a plain grey.
 * @param light where the light comes from, −1 (the tail's side) … 1 (the bill's side).
 */
export function drawBird(
  appearance: Appearance,
  pose: Pose,
  stream: readonly [seed: number, ...rest: number[]],
  light: number,
  without: ReadonlySet<Part> = new Set(),
): DrawnBird {
  const of = (purpose: number) => Random.of(...stream, purpose);
  const dye = individualDye(of(0), 0.035);
  const anatomy = buildAnatomy(pose);
  const looks = withoutParts(appearance, without);
  const parts: string[] = [];
  const wing = (map: Affine, dim: number) =>
    `<g transform="${matrix(map)}">${spreadWing(looks.wing, dye, dim, of(7))}</g>`;
  if (pose.flying && !without.has("wing")) {
    parts.push(wing(farWing(anatomy), -0.18));
  }
  if (!without.has("tail")) {
    parts.push(
      `<g transform="${matrix(anatomy.tail)}">${paintTail(looks.tail, dye, of(5))}</g>`,
    );
  }
  if (!without.has("leg")) {
    const { leg, belly } = looks;
    if (!pose.oneLegged) parts.push(paintLeg(anatomy.far, leg.color, belly.color, dye, -0.2));
    parts.push(paintLeg(anatomy.near, leg.color, belly.color, dye, 0));
  }
  parts.push(paintBody(looks, anatomy, dye, of, pose.turn, light, without));
  if (!without.has("wing")) {
    parts.push(
      pose.flying
        ? wing(anatomy.wing, 0)
        : `<g transform="${matrix(anatomy.wing)}">${foldedWing(looks.wing, dye, of(7))}</g>`,
    );
  }
  return {
    svg: parts.join(""),
    points: keyPoints(looks, pose, anatomy, without),
    extent: extremes(pose, anatomy),
    feet: [anatomy.near.foot, anatomy.far.foot],
  };
}

/** Body and head, with their shading. */
function paintBody(
  looks: Appearance,
  anatomy: Anatomy,
  dye: Dye,
  of: (purpose: number) => Random,
  turn: number,
  light: number,
  without: ReadonlySet<Part>,
): string {
  const { contour, flank, waist, head } = anatomy;
  const outline = curve(contour);
  // Larger than body and head: what is filled with it takes the shape of the clip path.
  const ground = "M-80 -80H80V80H-80Z";
  const flow = 2.72;
  const belly: Area = {
    id: "belly",
    outline: [[20, 2], [30, 26], [22, 44], [-20, 44], [-52, 32], [-52, 18], [-20, 4], [0, -2]],
    patch: [[-4, 10], [-8, 24], [-3, 44], [-56, 44], [-56, 10]],
    flow: flow + 1.3,
    spacing: 7.6,
  };
  const back: Area = {
    id: "back",
    outline: [...flank, [-60, 10], [-48, -10], [-20, -30], [10, -36], [26, -26]],
    patch: [[-16, 12], [-13, -4], [-17, -20], [-60, -10], [-60, 24]],
    flow,
    spacing: 7.4,
  };
  const breast: Area = {
    id: "breast",
    outline: [...waist, [40, 34], [56, 14], [56, -18], [38, -24]],
    patch: [[14, -4], [28, 3], [50, -6], [54, 6], [34, 16], [14, 8]],
    flow: flow - 0.9,
    spacing: 7.4,
  };
  const headCentre = apply(head, [0, 0]);
  const texture = of(8);
  const silhouette = fringe(contour, flow, 2.2, texture);
  const arcs = scallops(contour, flow, 6, texture);
  return `<defs><clipPath id="bird"><path d="${outline}"/><path d="${silhouette}"/></clipPath>` +
    `<linearGradient id="volume" gradientUnits="userSpaceOnUse" x1="${-14 + light * 10}" ` +
    `y1="-34" x2="${6 - light * 10}" y2="38">` +
    `<stop offset="0" stop-color="#fff" stop-opacity="0.26"/>` +
    `<stop offset="0.42" stop-color="#fff" stop-opacity="0"/>` +
    `<stop offset="0.6" stop-color="#1a1430" stop-opacity="0"/>` +
    `<stop offset="1" stop-color="#1a1430" stop-opacity="0.42"/></linearGradient>` +
    `<radialGradient id="skull" gradientUnits="userSpaceOnUse" cx="${
      headCentre[0] + light * 5
    }" cy="${headCentre[1] - 6}" r="24">` +
    `<stop offset="0" stop-color="#fff" stop-opacity="0.15"/>` +
    `<stop offset="0.6" stop-color="#fff" stop-opacity="0"/>` +
    `<stop offset="1" stop-color="#1a1430" stop-opacity="0.22"/></radialGradient></defs>` +
    `<g transform="${matrix(head)}">${without.has("head") ? "" : paintCrest(looks.head, dye)}</g>` +
    `<g clip-path="url(#bird)"><path d="${ground}" fill="${dye(looks.belly.color)}"/>` +
    paintArea(belly, looks.belly, dye, of(3)) +
    paintArea(breast, looks.breast, dye, of(4)) +
    paintArea(back, looks.back, dye, of(2)) +
    `<g transform="${matrix(head)}">${paintHead(looks.head, dye, of(1))}</g>` +
    `<path d="${arcs}" fill="none" stroke="#000" stroke-opacity="0.13" stroke-width="0.9"/>` +
    `<path d="${ground}" fill="url(#volume)"/>` +
    `<circle cx="${headCentre[0]}" cy="${headCentre[1]}" r="${HEAD * 1.25}" fill="url(#skull)"/>` +
    `<path d="${outline}" fill="none" stroke="#120e14" stroke-opacity="0.3" stroke-width="1.6"/>` +
    `</g>` +
    (without.has("head")
      ? ""
      : `<g transform="${matrix(head)}">${paintFace(looks.head, dye, turn, light)}</g>`);
}

/** Bodies that lack a part show plain grey feathers in its place. */
function withoutParts(appearance: Appearance, without: ReadonlySet<Part>): Appearance {
  const plain = { color: "grey", pattern: "solid", second: "grey" } as const;
  const looks = { ...appearance };
  for (const part of ["back", "belly", "breast"] as const) {
    if (without.has(part)) looks[part] = plain;
  }
  if (without.has("head")) {
    const colors = { crown: "grey", nape: "grey", throat: "grey", mark: "grey" } as const;
    looks.head = { ...looks.head, ...colors, pattern: "plain" };
  }
  return looks;
}

function keyPoints(
  { head }: Appearance,
  pose: Pose,
  anatomy: Anatomy,
  without: ReadonlySet<Part>,
): Map<KeyPoint, Point> {
  const points = new Map<KeyPoint, Point>();
  if (!without.has("head")) {
    const { beak, crown, forehead, nape, throat, eye } = headPoints(head, pose.turn);
    const places = { beak, crown, forehead, nape, throat, "near eye": eye } as const;
    for (const [name, point] of Object.entries(places)) {
      points.set(name as KeyPoint, apply(anatomy.head, point));
    }
    // The raised wing hides it.
    if (pose.flying) points.delete("nape");
  }
  if (!without.has("back")) points.set("back", pose.flying ? [-26, 0] : [-15, -9]);
  if (!without.has("belly")) points.set("belly", [-3, 27]);
  if (!without.has("breast")) points.set("breast", [30, 5]);
  if (!without.has("tail")) points.set("tail", apply(anatomy.tail, [TAIL_LENGTH * 0.55, 0]));
  if (!without.has("leg")) {
    const shank = ({ heel, foot }: Anatomy["near"]): Point => [
      (heel[0] + foot[0]) / 2,
      (heel[1] + foot[1]) / 2,
    ];
    points.set("near leg", shank(anatomy.near));
    if (!pose.oneLegged) points.set("far leg", shank(anatomy.far));
  }
  if (!without.has("wing")) {
    points.set("near wing", apply(anatomy.wing, pose.flying ? [36, -16] : [28, 1]));
    if (pose.flying) {
      points.set("far wing", apply(farWing(anatomy), [58, -14]));
    }
  }
  return points;
}

/** Coordinates of the far wing of a flying bird, which shows beyond the near one. */
function farWing(anatomy: Anatomy): Affine {
  return compose(translate(9, 1), anatomy.wing, rotate(0.42));
}

/**
 * Points around the bird. They are those of a bird with a crest and a bill of middle length,
 * whatever the species: exchanging the head must not move the bird within its picture.
 */
function extremes(pose: Pose, anatomy: Anatomy): Point[] {
  const tail = [-0.35, 0, 0.35].map((angle): Point => [
    TAIL_LENGTH * Math.cos(angle),
    TAIL_LENGTH * Math.sin(angle),
  ]);
  const wing: Point[] = pose.flying ? [[78, -10], [74, 26], [70, -35], [30, -44]] : [[78, 9]];
  const [near, far] = [anatomy.near.foot, anatomy.far.foot];
  return [
    ...anatomy.contour,
    ...[[30, 0], [-14, -23]].map(([x, y]) => apply(anatomy.head, [x, y])),
    ...tail.map((point) => apply(anatomy.tail, point)),
    ...wing.map((point) => apply(anatomy.wing, point)),
    [near[0] - 9, near[1] + 4],
    [far[0] + 11, far[1] + 4],
  ];
}
