/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { drawPicture, type PictureRequest } from "./picture.ts";

// Draws the requested pictures, one after the other. A failure stops the worker and reaches the
// pool as an error event.
self.onmessage = async ({ data: { index, request } }: MessageEvent<Job>) => {
  const picture = await drawPicture(request);
  self.postMessage({ index, picture }, [picture.jpeg.buffer, picture.mask.buffer]);
};

/** A request with its place in the order. */
interface Job {
  index: number;
  request: PictureRequest;
}
