/** Where a split's pictures come from: files to decode, or 8-bit pictures in memory. */
export type PictureSource =
  | { readonly kind: "files"; readonly paths: readonly string[] }
  | {
    readonly kind: "memory";
    /** Pictures one after the other, each `height × width × channels`. */
    readonly pixels: Uint8Array;
    readonly width: number;
    readonly height: number;
    readonly channels: 1 | 3;
  };

/** The pictures and labels of a part of a data set. */
export interface Split {
  readonly name: "train" | "test";
  /** A name for each picture, as in the data set's own lists. */
  readonly ids: readonly string[];
  /** Class indices from 0. */
  readonly labels: Uint32Array;
  readonly source: PictureSource;
}

/** An image classification data set. */
export interface Dataset {
  readonly name: string;
  /** Folder it was read from. */
  readonly root: string;
  readonly classes: readonly string[];
  readonly train: Split;
  readonly test: Split;
}

/** An 8-bit RGB picture: `data` is `height × width × 3`. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}
