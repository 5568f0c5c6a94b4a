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
  readonly name: "train" | "val" | "test";
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
  /** Empty where the training pictures are not on this machine. */
  readonly train: Split;
  /** Pictures to choose thresholds on, apart from the test pictures; few data sets have them. */
  readonly val?: Split;
  readonly test: Split;
  /** Where the objects of the pictures are, for data sets in the WSOL benchmark's layout. */
  readonly localization?: {
    /** Folders of `readWsolMetadata`; `val` is there whenever the split is. */
    readonly metadata: { readonly val?: string; readonly test: string };
    /** Folder that the paths of masks begin in. */
    readonly masks: string;
  };
}

/** An 8-bit RGB picture: `data` is `height × width × 3`. */
export interface Picture {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Red, green and blue of each pixel, row by row. */
  readonly data: Uint8Array;
}
