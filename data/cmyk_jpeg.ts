import { UserError } from "../engine/errors.ts";
import type { Picture } from "./dataset.ts";
import { LOSS } from "./jpeg_structure.ts";

/** libjpeg-turbo's number for interleaved CMYK (`TJPF_CMYK`). */
const TO_CMYK = 11;

/** What libjpeg-turbo says while it knows of no fault: a text of 200 bytes, which later ones replace. */
const NO_ERROR = new TextEncoder().encode("No error".padEnd(200, "\0"));

/** What the compiled libjpeg-turbo exports that is used here (its `turbojpeg.h`). */
interface TurboJpeg {
  readonly memory: WebAssembly.Memory;
  malloc(size: number): number;
  tjInitDecompress(): number;
  tjDecompress2(...args: number[]): number;
}

/**
 * Decodes a JPEG file of four components, CMYK or YCCK, to RGB as Pillow's
 * `Image.open(path).convert("RGB")` does: the inks are stored inverted, whatever the file says (Adobe's
 * convention), and a colour's light is what its ink and black leave of white.
 *
 * @param turbo the compiled libjpeg-turbo of @cwasm/jpeg-turbo: the decoder of other JPEG files
 * refuses four components
 * @param path named in messages
 * @throws {UserError} when its pixels cannot be decoded
 */
export async function decodeCmykJpeg(
  turbo: WebAssembly.Module,
  bytes: Uint8Array,
  { width, height, path }: {
    readonly width: number;
    readonly height: number;
    readonly path: string;
  },
): Promise<Picture> {
  // One for each picture, which frees its memory, too. These pictures are rare.
  const library = (await WebAssembly.instantiate(turbo, IMPORTS))
    .exports as unknown as TurboJpeg;
  const memory = () => new Uint8Array(library.memory.buffer);
  const lastError = find(memory(), NO_ERROR);
  const source = library.malloc(bytes.length);
  const target = library.malloc(4 * width * height);
  if (source === 0 || target === 0) {
    throw new UserError(`${path} cannot be decoded: ${width} × ${height} pixels are too many`);
  }
  memory().set(bytes, source);
  let status: number | undefined;
  try {
    const args = [library.tjInitDecompress(), source, bytes.length, target];
    status = library.tjDecompress2(...args, width, 4 * width, height, TO_CMYK, 0);
  } catch (error) {
    if (!(error instanceof GaveUp)) throw error;
  }
  const said = textAt(memory(), lastError);
  // It fails for warnings, too, when all pixels are there.
  if (status === undefined || (status !== 0 && LOSS.test(said))) {
    throw new UserError(`${path} is damaged: ${said}`);
  }
  return { width, height, data: toRgb(memory().subarray(target, target + 4 * width * height)) };
}

/** Pillow's conversion (Convert.c, `cmyk2rgb`) of inverted inks. */
function toRgb(inverted: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(inverted.length / 4 * 3);
  for (let from = 0, to = 0; from < inverted.length; from += 4) {
    const light = inverted[from + 3];
    for (let c = 0; c < 3; c++) {
      // ink · light / 255, rounded as Pillow's MULDIV255 does.
      const product = (255 - inverted[from + c]) * light + 128;
      rgb[to++] = light - ((product + (product >> 8)) >> 8);
    }
  }
  return rgb;
}

/** libjpeg-turbo met an error. */
class GaveUp extends Error {}

function leave(): never {
  throw new GaveUp();
}

/** It leaves by `longjmp`; it has no business with files. */
const IMPORTS = {
  env: { setjmp: () => 0, longjmp: leave },
  wasi_snapshot_preview1: {
    environ_sizes_get: () => 0,
    environ_get: leave,
    proc_exit: leave,
    fd_close: leave,
    fd_seek: leave,
    fd_write: leave,
  },
};

function find(memory: Uint8Array, text: Uint8Array): number {
  for (let at = memory.indexOf(text[0]); at >= 0; at = memory.indexOf(text[0], at + 1)) {
    if (text.every((byte, i) => memory[at + i] === byte)) return at;
  }
  throw new Error("libjpeg-turbo has no place for its errors: its package is another one");
}

function textAt(memory: Uint8Array, at: number): string {
  return new TextDecoder().decode(memory.subarray(at, memory.indexOf(0, at)));
}
