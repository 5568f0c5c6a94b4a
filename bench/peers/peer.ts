/** Another library that does the same work on the same adapter. */
export interface Peer {
  readonly name: string;
  /** One complete SGD step, awaited until its loss is on the processor. */
  step(): Promise<number>;
  /** One forward pass in training shape, awaited until its loss is on the processor. */
  forward(): Promise<number>;
  close(): void;
}

/** Size of the benchmark's network input. */
export interface SmallNetworkShape {
  readonly batch: number;
  /** Height and width of the pictures. */
  readonly size: number;
  readonly classes: number;
}
