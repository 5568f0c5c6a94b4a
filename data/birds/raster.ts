import { initWasm, Resvg } from "@resvg/resvg-wasm";
import encode, { init } from "@jsquash/jpeg/encode.js";
import { crc32, deflateSync } from "node:zlib";

/** An image of `width`×`height` pixels of four bytes, colours multiplied by alpha. */
export interface Layer {
  width: number;
  height: number;
  pixels: Uint8Array;
}

let ready: Promise<void> | undefined;

/** Loads the rasteriser and the JPEG encoder once; needs to be awaited before the first use. */
export function loadCodecs(): Promise<void> {
  ready ??= (async () => {
    const svg = new URL("index_bg.wasm", import.meta.resolve("@resvg/resvg-wasm"));
    const jpeg = new URL(
      "codec/enc/mozjpeg_enc.wasm",
      import.meta.resolve("@jsquash/jpeg/encode.js"),
    );
    await initWasm(Deno.readFile(svg));
    // The types lack the first argument: with it, the encoder need not fetch its own code.
    const initWith = init as unknown as (module: WebAssembly.Module) => Promise<void>;
    await initWith(await WebAssembly.compile(await Deno.readFile(jpeg)));
  })();
  return ready;
}

/** Rasterises SVG elements; `view` is the size in picture units that fills the layer. */
export function rasterise(
  elements: string,
  view: readonly [width: number, height: number],
  width: number,
  height: number,
): Layer {
  const source = new Resvg(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${view[0]} ${view[1]}" preserveAspectRatio="none">${elements}</svg>`,
  );
  const image = source.render();
  const pixels = image.pixels;
  image.free();
  source.free();
  return { width, height, pixels };
}

/** Encodes interleaved RGBA bytes (alpha is ignored) as JPEG. */
export async function encodeJpeg(
  rgba: Uint8ClampedArray<ArrayBuffer>,
  width: number,
  height: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const image = { data: rgba, width, height, colorSpace: "srgb" } as ImageData;
  return new Uint8Array(await encode(image, { quality: 92, progressive: false }));
}

/** Encodes one byte per pixel as an 8-bit grey PNG (the npm encoder only writes RGBA). */
export function encodeGreyPng(
  grey: Uint8Array,
  width: number,
  height: number,
): Uint8Array<ArrayBuffer> {
  // Each line starts with its filter; 2 predicts from the line above, the first line has none.
  const raw = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) {
    raw[y * (width + 1)] = y === 0 ? 0 : 2;
    for (let x = 0; x < width; x++) {
      const above = y === 0 ? 0 : grey[(y - 1) * width + x];
      raw[y * (width + 1) + 1 + x] = grey[y * width + x] - above;
    }
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8; // Bits per sample; colour type 0 (grey), no interlacing.
  const chunks = [
    new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(raw)),
    chunk("IEND", new Uint8Array()),
  ];
  const file = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const bytes of chunks) {
    file.set(bytes, offset);
    offset += bytes.length;
  }
  return file;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(data.length + 8, crc32(bytes.subarray(4, data.length + 8)));
  return bytes;
}
