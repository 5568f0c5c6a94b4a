import { crc32, deflateSync } from "node:zlib";
import { Resvg } from "../rasteriser.ts";

/** An image of `width`×`height` pixels of four bytes, colours multiplied by alpha. */
export interface Layer {
  width: number;
  height: number;
  pixels: Uint8Array;
}

/** Rasterises SVG elements (after `loadRasteriser`); `view` is the size in picture units that fills the layer. */
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
