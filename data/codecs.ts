import jpegDecode, { init as initJpegDecoder } from "npm:@jsquash/jpeg@1.6.0/decode.js";
import jpegEncode, { init as initJpegEncoder } from "npm:@jsquash/jpeg@1.6.0/encode.js";
import pngDecode, { init as initPngDecoder } from "npm:@jsquash/png@3.1.1/decode.js";
import pngEncode, { init as initPngEncoder } from "npm:@jsquash/png@3.1.1/encode.js";
import webpDecode, { init as initWebpDecoder } from "npm:@jsquash/webp@1.5.0/decode.js";
// Of this package only the compiled code is used; the import makes it known.
import "npm:@cwasm/jpeg-turbo@0.1.3/package.json" with { type: "json" };
import { UserError } from "../engine/errors.ts";
import { decodeCmykJpeg } from "./cmyk_jpeg.ts";
import type { Picture } from "./dataset.ts";
import { LOSS, readJpegStructure } from "./jpeg_structure.ts";
import { pictureFormat } from "./picture_format.ts";
import { readPngStructure } from "./png_structure.ts";
import { readWebpStructure } from "./webp_structure.ts";

/** Larger pictures are refused by Pillow, too: such headers are mistakes or attacks on memory. */
const MOST_PIXELS = 178_956_970;

/** Warnings of libjpeg since the last picture: the first one, it keeps quiet about others. */
const jpegWarnings: string[] = [];
/** Pictures are decoded one after the other, or the warnings of one would be taken for another's. */
let lastJpeg: Promise<unknown> = Promise.resolve();

/** Compiles a codec's WebAssembly from the package's files. */
async function wasm(entry: string, file: string): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(await Deno.readFile(new URL(file, import.meta.resolve(entry))));
}

/** The compiled libjpeg-turbo, which decodes JPEG files of four components. */
export async function turboJpegCode(): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(
    new URL(import.meta.resolve("npm:@cwasm/jpeg-turbo@0.1.3/jpeg-turbo.wasm")),
  );
}

/** A codec's start, which the packages' types declare without the compiled module. */
type Start = (module: WebAssembly.Module, options?: unknown) => Promise<unknown>;

const start = {
  jpegDecoder: once(async () => {
    const module = await wasm("npm:@jsquash/jpeg@1.6.0/decode.js", "codec/dec/mozjpeg_dec.wasm");
    const printErr = (line: string) => jpegWarnings.push(line);
    await (initJpegDecoder as unknown as Start)(module, { printErr });
  }),
  jpegEncoder: once(async () => {
    const module = await wasm("npm:@jsquash/jpeg@1.6.0/encode.js", "codec/enc/mozjpeg_enc.wasm");
    await (initJpegEncoder as unknown as Start)(module);
  }),
  png: once(async () => {
    const module = await wasm("npm:@jsquash/png@3.1.1/decode.js", "codec/pkg/squoosh_png_bg.wasm");
    await initPngDecoder(module);
    await initPngEncoder(module);
  }),
  webp: once(async () => {
    const module = await wasm("npm:@jsquash/webp@1.5.0/decode.js", "codec/dec/webp_dec.wasm");
    await (initWebpDecoder as unknown as Start)(module);
  }),
};

/** Compiled once, for it is instantiated anew for each picture. */
let turbo: Promise<WebAssembly.Module> | undefined;

/**
 * Decodes a JPEG, PNG or WebP file, known by its first bytes, to RGB as Pillow's `convert("RGB")`
 * does: grey levels are repeated, transparency is dropped, CMYK is converted, an EXIF orientation is
 * not applied. Of 16-bit samples the upper 8 bits count, of grey ones too, which Pillow would cut off
 * at 255. A JPEG file has no checksums: damage that leaves it decodable goes unseen, as with Pillow.
 *
 * @param path named in messages
 * @throws {UserError} when the file is damaged, cut short, huge or of another format
 */
export async function decodePicture(bytes: Uint8Array, path: string): Promise<Picture> {
  const format = pictureFormat(bytes, path);
  if (format === "jpeg") return await decodeJpeg(bytes, path);
  return withoutAlpha(await (format === "png" ? decodePng(bytes, path) : decodeWebp(bytes, path)));
}

/**
 * Decodes a PNG file of 16-bit samples without rounding them.
 *
 * @param path named in messages
 * @returns interleaved RGBA, `height × width × 4`
 * @throws {UserError} when the file is damaged, cut short or huge
 */
export async function decodePng16(
  bytes: Uint8Array,
  path: string,
): Promise<Omit<Picture, "data"> & { readonly data: Uint16Array }> {
  refuseHuge(readPngStructure(bytes, path), path);
  await start.png();
  return await pngDecode(bytes.slice().buffer, { bitDepth: 16 }).catch(() => undecodable(path));
}

async function decodeJpeg(bytes: Uint8Array, path: string): Promise<Picture> {
  const { components, ...extents } = readJpegStructure(bytes, path);
  refuseHuge(extents, path);
  if (components === 4) {
    turbo ??= WebAssembly.compile(await turboJpegCode());
    return await decodeCmykJpeg(await turbo, bytes, { ...extents, path });
  }
  await start.jpegDecoder();
  const decoding = lastJpeg.then(async () => {
    jpegWarnings.length = 0;
    const image = await jpegDecode(bytes.slice().buffer).catch(() => null);
    const loss = image ? jpegWarnings.find((line) => LOSS.test(line)) : jpegWarnings[0];
    if (image && !loss) return withoutAlpha(image);
    throw new UserError(`${path} is damaged: ${loss ?? "its pixels cannot be decoded"}`);
  });
  lastJpeg = decoding.catch(() => {});
  return await decoding;
}

async function decodePng(bytes: Uint8Array, path: string): Promise<ImageData> {
  refuseHuge(readPngStructure(bytes, path), path);
  await start.png();
  return await pngDecode(bytes.slice().buffer).catch(() => undecodable(path));
}

async function decodeWebp(bytes: Uint8Array, path: string): Promise<ImageData> {
  refuseHuge(readWebpStructure(bytes, path), path);
  await start.webp();
  return await webpDecode(bytes.slice().buffer).catch(() => undecodable(path));
}

function undecodable(path: string): never {
  throw new UserError(`${path} is damaged: its pixels cannot be decoded`);
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

function withoutAlpha({ width, height, data: rgba }: ImageData): Picture {
  const rgb = new Uint8Array(rgba.length / 4 * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    rgb[to++] = rgba[from];
    rgb[to++] = rgba[from + 1];
    rgb[to++] = rgba[from + 2];
  }
  return { width, height, data: rgb };
}

function once(body: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => running ??= body();
}
