import jpegDecode, { init as initJpegDecoder } from "@jsquash/jpeg/decode.js";
import jpegEncode, { init as initJpegEncoder } from "@jsquash/jpeg/encode.js";
import pngDecode, { init as initPngDecoder } from "@jsquash/png/decode.js";
import pngEncode, { init as initPngEncoder } from "@jsquash/png/encode.js";
import { UserError } from "../engine/errors.ts";
import type { Picture } from "./dataset.ts";
import { readJpegStructure } from "./jpeg_structure.ts";
import { readPngStructure } from "./png_structure.ts";

/** Larger pictures are refused by Pillow, too: such headers are mistakes or attacks on memory. */
const MOST_PIXELS = 178_956_970;

/**
 * What libjpeg says when pixels are lost. It warns of harmless things as well: of unused bytes
 * between segments, or of an unknown revision of JFIF.
 */
const LOSS = /premature end|bad (Huffman|arithmetic) code|instead of RST/i;

/** Warnings of libjpeg since the last picture: the first one, it keeps quiet about others. */
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
 * grey levels are repeated, transparency is dropped, an EXIF orientation is not applied. Of 16-bit
 * samples the upper 8 bits count, of grey ones too, which Pillow would cut off at 255. A JPEG file
 * has no checksums: damage that leaves it decodable goes unseen, as with Pillow.
 *
 * @param path named in messages
 * @throws {UserError} when the file is damaged, cut short, CMYK, huge or of another format
 */
export async function decodePicture(bytes: Uint8Array, path: string): Promise<Picture> {
  const isJpeg = formatOf(bytes, path) === "jpeg";
  const image = isJpeg ? await decodeJpeg(bytes, path) : await decodePng(bytes, path);
  const { width, height, data } = image;
  return { width, height, data: dropAlpha(data as Uint8ClampedArray) };
}

/**
 * Extents of a JPEG or PNG file, from its headers.
 *
 * @param path named in messages
 * @throws {UserError} when the file is cut short or of another format
 */
export function pictureSize(
  bytes: Uint8Array,
  path: string,
): { readonly width: number; readonly height: number } {
  return formatOf(bytes, path) === "jpeg"
    ? readJpegStructure(bytes, path)
    : readPngStructure(bytes, path);
}

function formatOf(bytes: Uint8Array, path: string): "jpeg" | "png" {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return "jpeg";
  if (bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47) {
    return "png";
  }
  const head = Array.from(bytes.subarray(0, 4), (b) => b.toString(16).padStart(2, "0")).join(" ");
  throw new UserError(
    `${path} is neither a JPEG nor a PNG file: it ` +
      (bytes.length === 0 ? "is empty" : `begins with the bytes ${head}`),
  );
}

async function decodeJpeg(bytes: Uint8Array, path: string): Promise<ImageData> {
  const frame = readJpegStructure(bytes, path);
  refuseHuge(frame, path);
  if (frame.components === 4) {
    throw new UserError(`${path} is a CMYK picture, expected RGB or grey: please convert it`);
  }
  await start.jpegDecoder();
  const decoding = lastJpeg.then(async () => {
    jpegWarnings.length = 0;
    const image = await jpegDecode(bytes.slice().buffer).catch(() => null);
    const loss = image ? jpegWarnings.find((line) => LOSS.test(line)) : jpegWarnings[0];
    if (image && !loss) return image;
    throw new UserError(`${path} is damaged: ${loss ?? "its pixels cannot be decoded"}`);
  });
  lastJpeg = decoding.catch(() => {});
  return await decoding;
}

async function decodePng(bytes: Uint8Array, path: string): Promise<ImageData> {
  refuseHuge(readPngStructure(bytes, path), path);
  await start.png();
  return await pngDecode(bytes.slice().buffer).catch(() => {
    throw new UserError(`${path} is damaged: its pixels cannot be decoded`);
  });
}

function refuseHuge(
  { width, height }: { readonly width: number; readonly height: number },
  path: string,
): void {
  if (width * height > MOST_PIXELS) {
    throw new UserError(
      `${path} says it has ${width} × ${height} pixels, expected at most ${MOST_PIXELS} in all`,
    );
  }
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
