import type { ColorName } from "./palette.ts";

/** The seven merged parts of cue localization, in the order of their ids 1 … 7. */
export const PARTS = ["head", "back", "belly", "breast", "tail", "leg", "wing"] as const;

/** One of the seven parts in which species can differ. */
export type Part = typeof PARTS[number];

/** How feathers of one area are coloured; `second` matters for all patterns but `solid`. */
export interface Coat {
  color: ColorName;
  pattern: "solid" | "spotted" | "striped" | "multi-colored";
  second: ColorName;
}

/** Shapes of the tail, named as CUB names them. */
export const TAIL_SHAPES = [
  "forked_tail",
  "rounded_tail",
  "notched_tail",
  "fan-shaped_tail",
  "pointed_tail",
  "squared_tail",
] as const;

/** The tail: a coat and a shape. */
export interface Tail extends Coat {
  shape: typeof TAIL_SHAPES[number];
}

/** Shapes of the bill, named as CUB names them. */
export const BILL_SHAPES = [
  "curved_(up_or_down)",
  "dagger",
  "hooked",
  "needle",
  "hooked_seabird",
  "all-purpose",
  "cone",
] as const;

/** One of the bill shapes. */
export type BillShape = typeof BILL_SHAPES[number];

/** Patterns of the head that stay visible in a picture of 64 pixels, named as CUB names them. */
export const HEAD_PATTERNS = [
  "plain",
  "capped",
  "masked",
  "eyebrow",
  "malar",
  "crested",
  "striped",
] as const;

/** The head, which for cue localization includes bill, eye, nape and throat. */
export interface Head {
  /** Crown and forehead. */
  crown: ColorName;
  /** Nape and cheeks. */
  nape: ColorName;
  throat: ColorName;
  pattern: typeof HEAD_PATTERNS[number];
  /** Colour of the mask, brow, moustache (malar) or stripes. */
  mark: ColorName;
  eye: "black" | "brown" | "red" | "yellow";
  bill: BillShape;
  billColor: ColorName;
}

/** What a species looks like, part by part. */
export interface Appearance {
  head: Head;
  back: Coat;
  belly: Coat;
  breast: Coat;
  tail: Tail;
  leg: { color: ColorName };
  wing: Coat;
}

/** A class of the data set. */
export interface Species {
  /** In CUB's form: `Red_winged_Brookfinch`. */
  name: string;
  /** Which family it belongs to, from 0. Members of a family differ in one to three parts. */
  family: number;
  appearance: Appearance;
}
