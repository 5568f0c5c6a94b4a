/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { drawPicture, type Picture, type PictureRequest } from "./picture.ts";

/** A request with its place in the order. */
export interface Job {
  index: number;
  request: PictureRequest;
}

/** What a thread answers: the picture, or why there is none. */
export type Answer = { index: number; picture: Picture } | { index: number; failure: string };

self.onmessage = async ({ data: { index, request } }: MessageEvent<Job>) => {
  const answer = (message: Answer, transfer: Transferable[]) => self.postMessage(message, transfer);
  try {
    const picture = await drawPicture(request);
    answer({ index, picture }, [picture.jpeg.buffer, picture.mask.buffer]);
  } catch (error) {
    answer({ index, failure: error instanceof Error ? error.stack ?? "" : String(error) }, []);
  }
};
