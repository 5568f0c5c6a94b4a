import { UserError } from "../engine/errors.ts";
import { decodePicture } from "./codecs.ts";
import { readFile } from "./files.ts";
import { resizeLikePillow } from "./resize.ts";

/** A picture to decode and resize. */
export interface DecodeRequest {
  readonly index: number;
  readonly path: string;
  readonly size: number;
}

/** The pixels, `size × size × 3`, or why there are none. */
export interface DecodeReply {
  readonly index: number;
  readonly pixels?: Uint8Array<ArrayBuffer>;
  /** What a user can mend, or else a defect of this program. */
  readonly problem?: { readonly message: string; readonly mendable: boolean };
}

/** What a worker has in place of a window. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<DecodeRequest>) => void) | null;
  postMessage(reply: DecodeReply, transfer?: Transferable[]): void;
}

const worker = self as unknown as WorkerScope;

worker.onmessage = async ({ data: { index, path, size } }: MessageEvent<DecodeRequest>) => {
  try {
    const bytes = await readFile(path);
    const { data } = resizeLikePillow(await decodePicture(bytes, path), size, size);
    const pixels = data as Uint8Array<ArrayBuffer>;
    worker.postMessage({ index, pixels }, [pixels.buffer]);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const mendable = error instanceof UserError;
    worker.postMessage({ index, problem: { message, mendable } });
  }
};
