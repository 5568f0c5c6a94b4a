import { drawPicture, type Picture, type PictureRequest } from "./picture.ts";

// Pictures a worker has to draw before it repays the 0.4 s that starting it costs.
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
  let next = 0;
  let stored = 0;
  const ask = (thread: Worker) => {
    if (next < requests.length) thread.postMessage({ index: next, request: requests[next++] });
  };
  for (const thread of threads) {
    thread.onmessage = async ({ data }: MessageEvent<{ index: number; picture: Picture }>) => {
      ask(thread);
      try {
        await store(data.index, data.picture);
      } catch (error) {
        reject(error);
      }
      if (++stored === requests.length) resolve();
    };
    thread.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`A drawing thread failed: ${event.message}`));
    };
    for (let i = 0; i < QUEUED; i++) ask(thread);
  }
  try {
    signal?.throwIfAborted();
    await promise;
  } finally {
    signal?.removeEventListener("abort", abort);
    for (const thread of threads) thread.terminate();
  }
}
