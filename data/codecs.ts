import jpegDecode, { init as initJpegDecoder } from "@jsquash/jpeg/decode.js";
import jpegEncode, { init as initJpegEncoder } from "@jsquash/jpeg/encode.js";
import pngDecode, { init as initPngDecoder } from "@jsquash/png/decode.js";
import pngEncode, { init as initPngEncoder } from "@jsquash/png/encode.js";
import { UserError } from "../engine/errors.ts";
import type { Picture } from "./dataset.ts";

/** Warnings of libjpeg since the last picture; a sound file causes none. */
const jpegWarnings: string[] = [];
/** Pictures are decoded one after the other, or the warnings of one would be taken for another's. */
let lastJpeg: Promise<unknown> = Promise.resolve();

/** Compiles a codec's WebAssembly from the package's files. */
async function wasm(entry: string, file: string): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(await Deno.readFile(new URL(file, import.meta.resolve(entry))));
}

/** A codec's start, which the packages' types declare without the compiled module. */
type Start = (module: WebAssembly.Module, options?: unknown) => Promise<unknown>;

const start = {
  jpegDecoder: once(async () => {
    const module = await wasm("@jsquash/jpeg/decode.js", "codec/dec/mozjpeg_dec.wasm");
    const printErr = (line: string) => jpegWarnings.push(line);
    await (initJpegDecoder as unknown as Start)(module, { printErr });
  }),
  jpegEncoder: once(async () => {
    const module = await wasm("@jsquash/jpeg/encode.js", "codec/enc/mozjpeg_enc.wasm");
    await (initJpegEncoder as unknown as Start)(module);
  }),
  png: once(async () => {
    const module = await wasm("@jsquash/png/decode.js", "codec/pkg/squoosh_png_bg.wasm");
    await initPngDecoder(module);
    await initPngEncoder(module);
  }),
};

/**
 * Decodes a JPEG or PNG file, known by its first bytes, to RGB as Pillow's `convert("RGB")` does:
 * grey levels are repeated, transparency is dropped, an EXIF orientation is not applied.
 *
 * @param path named in messages
 * @throws {UserError} when the file is damaged, cut short or of another format
 */
export async function decodePicture(bytes: Uint8Array, path: string): Promise<Picture> {
  const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
  const isPng = bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47;
  if (!isJpeg && !isPng) {
    const head = Array.from(bytes.subarray(0, 4), (b) => b.toString(16).padStart(2, "0")).join(" ");
    throw new UserError(
      `${path} is neither a JPEG nor a PNG file: it ` +
        (bytes.length === 0 ? "is empty" : `begins with the bytes ${head}`),
    );
  }
  let image: ImageData;
  try {
    const buffer = bytes.slice().buffer;
    if (isJpeg) {
      const decoding = lastJpeg.then(() => decodeJpeg(buffer));
      lastJpeg = decoding.catch(() => {});
      image = await decoding;
    } else {
      await start.png();
      image = await pngDecode(buffer);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`${path} is damaged: ${reason}`);
  }
  return {
    width: image.width,
    height: image.height,
    data: dropAlpha(image.data as Uint8ClampedArray),
  };
}

async function decodeJpeg(buffer: ArrayBuffer): Promise<ImageData> {
  await start.jpegDecoder();
  jpegWarnings.length = 0;
  const image = await jpegDecode(buffer);
  // libjpeg fills what is missing with grey and only warns.
  if (jpegWarnings.length > 0) throw new Error(jpegWarnings[0]);
  return image;
}

/** Encodes as PNG. */
export async function encodePng({ width, height, data }: Picture): Promise<Uint8Array> {
  await start.png();
  return new Uint8Array(await pngEncode(withAlpha({ width, height, data })));
}

/** Encodes as baseline JPEG of quality 0–100. */
export async function encodeJpeg(picture: Picture, quality = 92): Promise<Uint8Array> {
  return await encodeJpegRgba(withAlpha(picture), quality);
}

/** Encodes interleaved RGBA bytes (alpha is ignored) as baseline JPEG of quality 0–100. */
export async function encodeJpegRgba(
  { width, height, data }: Pick<ImageData, "width" | "height" | "data">,
  quality = 92,
): Promise<Uint8Array<ArrayBuffer>> {
  await start.jpegEncoder();
  const image = { width, height, data, colorSpace: "srgb" } as ImageData;
  return new Uint8Array(await jpegEncode(image, { quality, progressive: false }));
}

function withAlpha({ width, height, data }: Picture): ImageData {
  const rgba = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = data[3 * i + c];
    rgba[4 * i + 3] = 255;
  }
  return { width, height, data: rgba, colorSpace: "srgb" } as ImageData;
}

function dropAlpha(rgba: Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array(rgba.length / 4 * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    rgb[to++] = rgba[from];
    rgb[to++] = rgba[from + 1];
    rgb[to++] = rgba[from + 2];
  }
  return rgb;
}

function once(body: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => running ??= body();
}
