import { UserError } from "../engine/errors.ts";
import { Random } from "../engine/random.ts";
import type { Split } from "./dataset.ts";
import { Pictures } from "./pictures.ts";
import { drawAugmentation, type Transform, writeNormalised } from "./transform.ts";

/** What a network is fed at one step. */
export interface Batch {
  /** `[size, crop, crop, 3]`, normalised, channels padded to 4. */
  readonly images: Float32Array<ArrayBuffer>;
  /** `[size]` class indices. */
  readonly labels: Uint32Array<ArrayBuffer>;
  /** `[size]` positions in the split. */
  readonly indices: Uint32Array<ArrayBuffer>;
  /** Number of pictures. */
  readonly size: number;
  /** Position in its epoch, from 0. */
  readonly number: number;
}

/** How a `BatchLoader` reads a split. */
export interface LoaderOptions {
  readonly batchSize: number;
  readonly transform: Transform;
  /** Shuffle and augment. */
  readonly train: boolean;
  readonly seed: number;
  /** Decoding threads; default: one less than the processor's, between 1 and 8. */
  readonly workers?: number;
  /** Leave damaged pictures out instead of failing. */
  readonly skipCorrupt?: boolean;
  /** Told once of each picture left out. */
  readonly onSkip?: (message: string) => void;
  /** Bytes of decoded pictures to keep in memory; default 512 MiB. */
  readonly cacheBytes?: number;
  /** Leave out a last batch that is smaller than the others. */
  readonly dropLast?: boolean;
  /** Batches prepared ahead; default 3. */
  readonly prefetch?: number;
}

/**
 * Batches of a split in a fixed order: the same seed and epoch give the same batches whatever the
 * number of workers and wherever an interrupted epoch is taken up again.
 *
 * @example
 * ```ts
 * const loader = new BatchLoader(dataset.train, { batchSize: 32, transform, train: true, seed: 0 });
 * for await (const batch of loader.batches(1)) console.log(batch.size);
 * loader.close();
 * ```
 */
export class BatchLoader {
  #split: Split;
  #options: LoaderOptions;
  #pictures: Pictures;
  #skipped = new Set<number>();

  constructor(split: Split, options: LoaderOptions) {
    this.#split = split;
    this.#options = options;
    const { transform, train, cacheBytes = 512 * 2 ** 20 } = options;
    const cores = Math.max(1, Math.min(8, navigator.hardwareConcurrency - 1));
    this.#pictures = new Pictures(split.source, train ? transform.resize : transform.crop, {
      workers: options.workers ?? cores,
      cacheBytes,
    });
  }

  /** A split as it is measured: whole pictures in their order, `crop × crop`, nothing drawn. */
  static inOrder(
    split: Split,
    { crop, ...options }:
      & { readonly crop: number }
      & Pick<LoaderOptions, "batchSize" | "skipCorrupt" | "onSkip">,
  ): BatchLoader {
    const transform = { resize: crop, crop, flip: false };
    return new BatchLoader(split, { ...options, transform, train: false, seed: 0 });
  }

  /** Batches in an epoch; without `dropLast` the last one may be smaller. */
  get batchesPerEpoch(): number {
    const { batchSize, dropLast } = this.#options;
    const batches = this.#split.ids.length / batchSize;
    return dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /**
   * The batches of one epoch, prepared ahead.
   *
   * @param epoch selects order and augmentation
   * @param wanted the numbers of the batches to prepare, to take up an interrupted epoch or to share
   * one with others; default all
   * @throws {UserError} when a picture is damaged and `skipCorrupt` is off, or all of them are
   */
  async *batches(
    epoch: number,
    wanted: (number: number) => boolean = () => true,
  ): AsyncGenerator<Batch> {
    const { seed, train, prefetch = 3 } = this.#options;
    const count = this.#split.ids.length;
    const order = train
      ? Random.of(seed, 0x0de, epoch).permutation(count)
      : Uint32Array.from({ length: count }, (_, i) => i);
    const numbers = Array.from({ length: this.batchesPerEpoch }, (_, number) => number)
      .filter(wanted);
    const ahead: Promise<Batch>[] = [];
    while (numbers.length > 0 || ahead.length > 0) {
      while (numbers.length > 0 && ahead.length < prefetch) {
        const batch = this.#prepare(order, numbers.shift()!, epoch);
        batch.catch(() => {}); // reported when its turn comes
        ahead.push(batch);
      }
      const batch = await ahead.shift()!;
      if (batch.size > 0) yield batch;
    }
    if (count > 0 && this.#skipped.size === count) {
      throw new UserError(
        `None of the ${count} pictures of the ${this.#split.name} split is sound`,
      );
    }
  }

  /** Stops the workers; batches that are still awaited are rejected, and no more can be had. */
  close(): void {
    this.#pictures.close();
  }

  async #prepare(order: Uint32Array, number: number, epoch: number): Promise<Batch> {
    const { batchSize, transform, train, seed, skipCorrupt } = this.#options;
    const wanted = order.subarray(number * batchSize, (number + 1) * batchSize);
    const loaded = await Promise.all(Array.from(wanted, async (index) => {
      if (this.#skipped.has(index)) return null;
      try {
        return { index, picture: await this.#pictures.get(index) };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        if (!skipCorrupt) {
          throw new UserError(`${error.message}; such pictures can be left out`, {
            cause: error,
            settings: ["skip-corrupt"],
          });
        }
        if (!this.#skipped.has(index)) this.#options.onSkip?.(error.message);
        this.#skipped.add(index);
        return null;
      }
    }));
    const usable = loaded.filter((entry) => entry !== null);
    const { crop } = transform;
    const stride = 4 * crop * crop;
    const images = new Float32Array(usable.length * stride);
    for (const [i, { index, picture }] of usable.entries()) {
      const augmentation = train ? drawAugmentation(transform, { seed, epoch, index }) : undefined;
      writeNormalised(picture, crop, images, i * stride, augmentation);
    }
    return {
      images,
      labels: Uint32Array.from(usable, ({ index }) => this.#split.labels[index]),
      indices: Uint32Array.from(usable, ({ index }) => index),
      size: usable.length,
      number,
    };
  }
}
