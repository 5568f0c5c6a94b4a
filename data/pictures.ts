import { UserError } from "../engine/errors.ts";
import type { Picture, PictureSource } from "./dataset.ts";
import type { DecodeReply, DecodeRequest } from "./decode_worker.ts";
import { resizeLikePillow } from "./resize.ts";

/**
 * The pictures of a split, resized to squares: decoded in worker threads, and kept in memory (in
 * 8 bits) as far as `cacheBytes` goes, so that later epochs decode nothing.
 */
export class Pictures {
  #source: PictureSource;
  #size: number;
  #cache = new Map<number, Promise<Picture>>();
  #room: number;
  #workers: Worker[] = [];
  #wanted: number;
  #waiting = new Map<number, PromiseWithResolvers<Picture>>();
  #next = 0;
  /** Why no more pictures can be had. */
  #ended: Error | null = null;

  /**
   * @param size extent in pixels of the squares
   * @param options number of `workers`, and how many bytes of pictures are kept
   */
  constructor(
    source: PictureSource,
    size: number,
    { workers, cacheBytes }: { readonly workers: number; readonly cacheBytes: number },
  ) {
    this.#source = source;
    this.#size = size;
    this.#wanted = workers;
    this.#room = Math.floor(cacheBytes / (3 * size * size));
  }

  /**
   * One picture, `size × size`.
   *
   * @throws {UserError} (by rejection) when its file is missing or damaged
   * @throws {Error} (by rejection) after `close`, or when a worker failed
   */
  get(index: number): Promise<Picture> {
    if (this.#ended) return Promise.reject(this.#ended);
    const known = this.#cache.get(index);
    if (known) return known;
    const picture = this.#waiting.get(index)?.promise ?? this.#load(index);
    if (this.#cache.size < this.#room) this.#cache.set(index, picture);
    return picture;
  }

  /** Stops the workers; pictures that are still awaited are rejected. */
  close(): void {
    this.#end(new Error("The pictures were closed"));
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const worker of this.#workers) worker.terminate();
    this.#workers = [];
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }

  #load(index: number): Promise<Picture> {
    const source = this.#source;
    if (source.kind === "memory") {
      const { width, height, channels, pixels } = source;
      const count = width * height;
      const data = new Uint8Array(3 * count);
      const from = index * count * channels;
      for (let i = 0; i < 3 * count; i++) {
        data[i] = pixels[from + (channels === 3 ? i : Math.floor(i / 3))];
      }
      return Promise.resolve(resizeLikePillow({ width, height, data }, this.#size, this.#size));
    }
    if (this.#workers.length === 0) this.#start();
    const waiter = Promise.withResolvers<Picture>();
    // Whoever asked may have gone before an error arrives; that is not an unhandled rejection.
    waiter.promise.catch(() => {});
    this.#waiting.set(index, waiter);
    const request: DecodeRequest = { index, path: source.paths[index], size: this.#size };
    this.#workers[this.#next++ % this.#workers.length].postMessage(request);
    return waiter.promise;
  }

  #start(): void {
    for (let i = 0; i < this.#wanted; i++) {
      const worker = new Worker(new URL("./decode_worker.ts", import.meta.url), { type: "module" });
      worker.onmessage = ({ data }: MessageEvent<DecodeReply>) => this.#receive(data);
      worker.onerror = (event) => {
        event.preventDefault();
        this.#end(new Error(`A decoding worker failed: ${event.message}`));
      };
      this.#workers.push(worker);
    }
  }

  #receive({ index, pixels, problem }: DecodeReply): void {
    const waiter = this.#waiting.get(index);
    this.#waiting.delete(index);
    if (pixels) waiter?.resolve({ width: this.#size, height: this.#size, data: pixels });
    else {
      const { message, mendable } = problem!;
      waiter?.reject(mendable ? new UserError(message) : new Error(message));
    }
  }
}
