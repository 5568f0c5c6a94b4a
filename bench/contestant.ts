import type { HostTensor } from "../weights/host_tensor.ts";

/** A network that is ready to be timed: ours or another library's. */
export interface Contestant {
  readonly name: string;
  /**
   * Work by name, e.g. `training step`; each call is awaited until its numbers are on the
   * processor. A peer has a selection of ours.
   */
  readonly phases: Readonly<Record<string, () => Promise<ArrayLike<number>>>>;
  /** Logits in inference mode: equal for contestants with the same weights, up to rounding. */
  logits(): Promise<ArrayLike<number>>;
  close(): Promise<void> | void;
}

/** What a network is timed on. */
export interface NetworkShape {
  readonly batch: number;
  /** Height and width of the pictures. */
  readonly size: number;
  readonly classes: number;
}

/** A weight or another constant, float32 and row-major. */
export interface NamedTensor extends HostTensor {
  readonly name: string;
}

/** The same weights, pictures and labels for every contestant. */
export interface SharedData {
  /** Named as in checkpoints, convolution weights `[out, in, height, width]`. */
  readonly weights: readonly NamedTensor[];
  /** `[batch, size, size, 3]`, without padding. */
  readonly images: Float32Array<ArrayBuffer>;
  readonly labels: Uint32Array<ArrayBuffer>;
}
