import { drawPicture, type Picture, type PictureRequest } from "./picture.ts";
import type { Answer, Job } from "./worker.ts";

// Pictures a worker has to draw before it repays the 0.3 s that starting it takes.
const WORTH_A_WORKER = 24;
// Requests that wait in each worker's queue, so that it never idles while its last one is stored.
const QUEUED = 3;

/**
 * Draws pictures with up to `workers` threads and hands each one to `store`, in any order.
 *
 * Few pictures are drawn on the calling thread; the bytes are the same. Stops at the first error
 * and when the signal aborts.
 */
export async function drawAll(
  requests: readonly PictureRequest[],
  workers: number,
  store: (index: number, picture: Picture) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const useful = Math.min(workers, Math.floor(requests.length / WORTH_A_WORKER));
  if (useful < 2) {
    for (let index = 0; index < requests.length; index++) {
      signal?.throwIfAborted();
      await store(index, await drawPicture(requests[index]));
    }
    return;
  }
  const threads = Array.from(
    { length: useful },
    () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(signal!.reason);
  signal?.addEventListener("abort", abort);
  const pending = new Set<Promise<void>>();
  let stopped = false;
  let next = 0;
  let stored = 0;
  const ask = (thread: Worker) => {
    if (next === requests.length) return;
    thread.postMessage({ index: next, request: requests[next++] } satisfies Job);
  };
  for (const thread of threads) {
    thread.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (stopped) return;
      if ("failure" in data) {
        reject(new Error(`Drawing picture ${data.index} failed: ${data.failure}`));
        return;
      }
      ask(thread);
      const storing = store(data.index, data.picture).then(() => {
        if (++stored === requests.length) resolve();
      }).catch(reject).finally(() => pending.delete(storing));
      pending.add(storing);
    };
    thread.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`A drawing thread cannot run: ${event.message}`));
    };
    for (let i = 0; i < QUEUED; i++) ask(thread);
  }
  try {
    signal?.throwIfAborted();
    await promise;
  } finally {
    stopped = true;
    signal?.removeEventListener("abort", abort);
    for (const thread of threads) thread.terminate();
    // Nothing may be written any more once the caller knows of a failure.
    await Promise.allSettled(pending);
  }
}
