/** Ends the program when something takes too long, even where the GPU blocks it. */
export interface Watchdog {
  /** Begins to wait anew. */
  feed(): void;
  close(): void;
}

/** What the worker is told: to wait so long, then to say this. */
export interface Order {
  readonly seconds: number;
  readonly sentence: string;
}

/**
 * Starts to wait. A shader that never ends blocks the whole event loop, timers included, and nothing
 * takes a dispatch back: a worker of its own says so and kills the process.
 *
 * @param seconds that may pass between two calls of `feed`
 * @param sentence printed to standard error before the end; the exit status is then 137
 */
export async function watchdog(seconds: number, sentence: string): Promise<Watchdog> {
  const worker = new Worker(new URL("./watchdog_worker.ts", import.meta.url), { type: "module" });
  const started = Promise.withResolvers<void>();
  worker.onmessage = () => started.resolve();
  await started.promise;
  const order: Order = { seconds, sentence };
  worker.postMessage(order);
  return {
    feed: () => worker.postMessage(order),
    close: () => worker.terminate(),
  };
}
